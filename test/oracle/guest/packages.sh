#!/bin/bash
# Unpacks QEMU, the tools of the guest and the newest kernels of both series from Debian's packages
# into a folder, beside the system: nothing is installed. Prints "SERIES VERSION" of each kernel.
#   packages.sh FOLDER
set -euo pipefail
folder=$(realpath -m "$1")
apt=$folder/apt
if [ -f "$folder/kernels" ]; then
  cat "$folder/kernels"
  exit
fi
rm -rf "$folder"
mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/etc" "$folder"/{debs,root,kernels.d}
chmod a+rx "$folder" "$folder/debs"
keys=/usr/share/keyrings/debian-archive-keyring.gpg
mirror=$({ cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true; } |
  sed -n 's/^URIs: *//p; s/^deb \(\[[^]]*\] \)\{0,1\}\(http[^ ]*\).*/\2/p' | head -1 |
  sed 's#/debian\(-security\)\{0,1\}/*$##')
for suite in "debian bookworm" "debian trixie-backports" "debian-security bookworm-security"; do
  echo "deb [signed-by=$keys] $mirror/${suite% *} ${suite#* } main"
done > "$apt/sources.list"
cat > "$apt/apt.conf" <<CONF
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "-";
Dir::State::lists "$apt/lists";
Dir::Cache "$apt/cache";
CONF
export APT_CONFIG=$apt/apt.conf
apt-get update -qq
newest() { apt-cache pkgnames "$1" | grep -E "^$1$2\$" | sort -V | tail -1; }
old=$(newest linux-image-6.12 '\.[0-9]+\+deb12-amd64')
new=$(newest linux-binary-7.3 '\.[0-9]+\+deb13-amd64')
[ -n "$old" ] && [ -n "$new" ] || { echo "no kernel of 6.12 or 7.3 in the packages" >&2; exit 1; }
cd "$folder/debs"
qemu=$(apt-get -s install --no-install-recommends qemu-system-x86 | awk '/^Inst/{print $2}')
apt-get download -qq $qemu busybox-static xfsprogs e2fsprogs libinih1 liburcu8 \
  "$old" "$new" "${new/binary/modules}"
for deb in *.deb; do
  case $deb in
    linux-*-6.12.*) dpkg -x "$deb" "$folder/kernels.d/6.12" ;;
    linux-*-7.3.*) dpkg -x "$deb" "$folder/kernels.d/7.3" ;;
    *) dpkg -x "$deb" "$folder/root" ;;
  esac
done
rm -rf "$folder/debs" "$apt"
version() { echo "$1" | sed 's/^linux-[a-z]*-//; s/+.*//'; }
printf '6.12 %s\n7.3 %s\n' "$(version "$old")" "$(version "$new")" > "$folder/kernels.tmp"
mv "$folder/kernels.tmp" "$folder/kernels"
cat "$folder/kernels"
