# SPDX-License-Identifier: GPL-2.0-only
# Sourced by the scripts: the directories they agree on, and how they fail.

top=$(cd "$(dirname "$0")/.." && pwd)
out=$top/out
cache=${XDG_CACHE_HOME:-$HOME/.cache}/pkvm-smmuv3

die()
{
	echo "${0##*/}: $*" >&2
	exit 1
}

# unpack DIR DEB...: make DIR/root of packages. A program in it runs by $loader with $libs.
unpack()
{
	root=$1/root
	rm -rf "$1"
	mkdir -p "$root"
	shift
	for deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$root" \
			--exclude './usr/share/doc' --exclude './usr/share/locale' ||
			die "could not unpack $deb"
	done
	loader=$(find "$root" -name 'ld-linux-*' | head -n 1)
	libs=$(dirname "$(find "$root" -name 'libc.so.6' | head -n 1)")
}
