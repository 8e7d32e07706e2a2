import reactHooks from 'eslint-plugin-react-hooks';
import rxjs from 'eslint-plugin-rxjs-x';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  {
    ignores: [
      'dist/**',
      'node_modules/**',
      'coverage/**',
      '*.config.*',
      '.dependency-cruiser.cjs',
      'test/fixtures/**',
      // plain JavaScript, as users write it; run by a test
      'examples/**',
    ],
  },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'rxjs-x': rxjs },
    rules: {
      'rxjs-x/no-nested-subscribe': 'error',
      'rxjs-x/no-unsafe-takeuntil': 'error',
      'rxjs-x/no-exposed-subjects': 'error',
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        { allowNumber: true, allowBoolean: true },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // io-ts reads better with literal records, and `while (true)` loops end by return
      '@typescript-eslint/no-unnecessary-condition': ['error', { allowConstantLoopConditions: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      // `'start' | Position` says more to the reader than `string`
      '@typescript-eslint/no-redundant-type-constituents': 'off',
      // the port says TransportError where a generator can only throw
      '@typescript-eslint/only-throw-error': 'error',
    },
  },
  {
    files: ['src/web/**'],
    extends: [reactHooks.configs.flat['recommended-latest']],
    rules: {
      // what belongs to Node is not there in a browser, though its types are
      'no-restricted-globals': ['error', 'process', 'Buffer', 'global', 'setImmediate', 'require'],
    },
  },
  {
    files: ['test/**'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // a body read as what the caller knows it to be
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
    },
  },
);
