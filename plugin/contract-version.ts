/** Version of the contract in `contract.ts`, not of the package: semantic versioning, as seen by a host. */
export const CONTRACT_VERSION = '1.4.0';
