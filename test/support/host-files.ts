/**
 * A machine that is made of texts, for what reads /proc and /sys.
 *
 * @module
 */

/** Reads from `files`; what is not in it is missing. */
export function readFrom(files: Readonly<Record<string, string>>) {
  return async (path: string): Promise<string | null> => files[path] ?? null
}

/** Of a machine with 16 GiB, shortened. */
export const MEMINFO = `MemTotal:       16393216 kB
MemFree:         1048576 kB
MemAvailable:    8388608 kB
Buffers:           43224 kB
SwapCached:            0 kB
SwapTotal:       2097152 kB
SwapFree:        1572864 kB
CommitLimit:    10293760 kB
Committed_AS:    5242880 kB
HugePages_Total:       0
Hugepagesize:       2048 kB
`

/** Version 1, every controller mounted for itself, with an empty hierarchy of version 2 beside. */
export const MOUNTS_1 = `21 26 0:20 / /proc rw,relatime - proc proc rw
26 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resuid=65534
30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:9 - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw,relatime shared:12 master:3 - cgroup cgroup rw,memory
38 30 0:35 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
39 30 0:36 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`

export const MEMBERSHIPS_1 = `9:name=systemd:/
8:pids:/jobs/a
4:memory:/jobs/a
1:cpu,cpuacct:/jobs/a
0::/
`

/** A container of version 1 without a namespace: its own group is mounted, paths are the host's. */
export const MOUNTS_1_CONTAINER = `\
733 711 0:28 /docker/0f3a /sys/fs/cgroup/memory ro,nosuid,nodev master:17 - cgroup cgroup rw,memory
`

/** Version 2, as systemd has it. */
export const MOUNTS_2 = `\
22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
24 22 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
35 24 0:29 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
`

export const MEMBERSHIPS_2 = '0::/system.slice/app.service\n'
