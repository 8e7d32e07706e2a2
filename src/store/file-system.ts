/** Does a directory lie on this machine's own disk? Locks and shared memory of SQLite cannot be trusted across a network. */

/** statfs(2) magic numbers. 9p is not among them: sandboxes give their local disk by it. */
const NETWORK_MAGIC: ReadonlyMap<number, string> = new Map([
  [0x6969, 'nfs'],
  [0x517b, 'smb'],
  [0xff534d42, 'cifs'],
  [0xfe534d42, 'smb2'],
  [0x5346414f, 'afs'],
  [0x6b414653, 'afs'],
  [0x00c36400, 'ceph'],
  [0x73757245, 'coda'],
]);
const FUSE_MAGIC = 0x65735546;
const NETWORK_FUSE =
  /^fuse\.(sshfs|s3fs|gcsfuse|goofys|rclone|davfs2?|curlftpfs|smbnetfs|glusterfs|ceph|ceph-fuse|mfs|moosefs|lizardfs|juicefs|blobfuse2?|hdfs|nfs)$/;

const unescape = (field: string): string =>
  field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** The file system type of the mount that holds an absolute path, by /proc/self/mountinfo (proc(5)); the last of equals is on top. */
export const mountType = (mountinfo: string, path: string): string | undefined => {
  let best: { readonly point: string; readonly type: string } | undefined;
  for (const line of mountinfo.split('\n')) {
    const [front = '', back = ''] = line.split(' - ');
    const point = unescape(front.split(' ')[4] ?? '');
    const type = back.split(' ')[0] ?? '';
    const holds = point !== '' && (path === point || path.startsWith(point === '/' ? '/' : `${point}/`));
    if (holds && point.length >= (best?.point.length ?? 0)) best = { point, type };
  }
  return best?.type;
};

/** The name of the network file system, or undefined when it is a local one. `magic` is statfs's type, signed or not. */
export const networkFileSystem = (magic: number, mountinfo: string, path: string): string | undefined => {
  const unsigned = magic >>> 0;
  if (unsigned !== FUSE_MAGIC) return NETWORK_MAGIC.get(unsigned);
  const type = mountType(mountinfo, path);
  return type !== undefined && NETWORK_FUSE.test(type) ? type : undefined;
};
