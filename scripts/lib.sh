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
