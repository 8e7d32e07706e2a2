/** A certificate for localhost, signed by itself, as `openssl` makes it. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** Files in PEM form; `name` is its common name, `names` what it is valid for. */
export const certificate = (folder: string, name: string, names = 'DNS:localhost,IP:127.0.0.1') => {
  const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
  const args = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-keyout', key, '-out', cert];
  execFileSync('openssl', [...args, ...subject], { stdio: 'ignore' });
  return { key, cert };
};
