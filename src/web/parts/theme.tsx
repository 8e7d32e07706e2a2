/** Dark, light, or as the system has it. Kept in this browser. */
import { useState } from 'react';

const themes = ['system', 'light', 'dark'] as const;
type Theme = (typeof themes)[number];

const KEY = 'baton-theme';

const kept = (): Theme => {
  // where the browser keeps nothing, reading throws
  try {
    return themes.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system';
  } catch {
    return 'system';
  }
};

const show = (theme: Theme): void => {
  if (theme === 'system') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
};

/** Before anything is drawn. */
export const showTheme = (): void => show(kept());

export const ThemeChoice = () => {
  const [theme, setTheme] = useState(kept);
  return (
    <label className="row small">
      <span className="visually-hidden">Theme</span>
      <select
        className="input"
        value={theme}
        onChange={({ target }) => {
          const next = themes.find((name) => name === target.value) ?? 'system';
          setTheme(next);
          show(next);
          try {
            localStorage.setItem(KEY, next);
          } catch {
            // it holds for this page then
          }
        }}
      >
        <option value="system">System theme</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
};
