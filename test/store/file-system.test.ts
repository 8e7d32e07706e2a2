/** Local disks are accepted, network file systems are not. */
import { describe, expect, it } from 'vitest';
import { mountType, networkFileSystem } from '../../src/store/file-system.js';

const FUSE = 0x65735546;
const MOUNTS = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 22 0:35 / /mnt/far rw,nosuid - fuse.sshfs host:/srv rw,user_id=0
41 22 0:36 / /mnt/far/near rw - tmpfs tmpfs rw
42 22 0:37 / /mnt/with\\040space rw - fuse.rclone remote: rw
43 22 0:38 / /mnt/disk rw - fuseblk /dev/sdb1 rw
44 22 0:39 / /mnt/over rw - ext4 /dev/sdc rw
45 44 0:40 / /mnt/over rw - fuse.s3fs s3fs rw
`;

describe('networkFileSystem', () => {
  it.each([
    [0x6969, 'nfs'],
    [0x517b, 'smb'],
    [0xff534d42, 'cifs'],
    [0xff534d42 | 0, 'cifs'],
    [0xfe534d42, 'smb2'],
    [0x00c36400, 'ceph'],
  ])('knows %i as %s, signed or not', (magic, name) => {
    expect(networkFileSystem(magic, '', '/var/lib/baton')).toBe(name);
  });

  it('accepts local file systems', () => {
    for (const ext4OrTmpfsOrOverlay of [0xef53, 0x01021994, 0x794c7630])
      expect(networkFileSystem(ext4OrTmpfsOrOverlay, MOUNTS, '/mnt/far')).toBeUndefined();
  });

  it('judges FUSE by the type of the mount that holds the path', () => {
    expect(networkFileSystem(FUSE, MOUNTS, '/mnt/far/store')).toBe('fuse.sshfs');
    expect(networkFileSystem(FUSE, MOUNTS, '/mnt/with space')).toBe('fuse.rclone');
    expect(networkFileSystem(FUSE, MOUNTS, '/mnt/disk/store')).toBeUndefined();
  });
});

describe('mountType', () => {
  it('takes the longest mount point that holds the path, and of equals the last', () => {
    expect(mountType(MOUNTS, '/mnt/far/near/x')).toBe('tmpfs');
    expect(mountType(MOUNTS, '/mnt/farther')).toBe('ext4');
    expect(mountType(MOUNTS, '/mnt/over')).toBe('fuse.s3fs');
    expect(mountType('', '/')).toBeUndefined();
  });
});
