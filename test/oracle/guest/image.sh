#!/bin/bash
# Makes the initramfs of a guest: busybox, mkfs, the agent, and the modules in the order of their
# dependencies.
#   image.sh FOLDER SERIES
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
folder=$(realpath "$1")
series=$2
modules=$(find "$folder/kernels.d/$series" -path "*lib/modules/*" -prune -type d)
image=$folder/image-$series
rm -rf "$image"
mkdir -p "$image"/{bin,proc,sys,dev,pm,lib,lib64,modules,etc}
cp "$folder/root/bin/busybox" "$image/bin/"
for name in sh mount insmod cat poweroff dmesg grep; do ln -s busybox "$image/bin/$name"; done
gcc -O1 -static -Wall -Werror -o "$image/bin/agent" "$here/agent.c"
for tool in mkfs.xfs mkfs.ext4; do cp -L "$(find "$folder/root" -path "*sbin/$tool")" "$image/bin/"; done
cp "$folder/root/etc/mke2fs.conf" "$image/etc/"
libraries=$(for tool in mkfs.xfs mkfs.ext4; do
  LD_LIBRARY_PATH=$folder/root/usr/lib/x86_64-linux-gnu:$folder/root/lib/x86_64-linux-gnu \
    ldd "$image/bin/$tool" | awk '/=> \//{print $3}'
done | sort -u)
for library in $libraries; do cp -L "$library" "$image/lib/"; done
cp -L /lib64/ld-linux-x86-64.so.2 "$image/lib64/"
# modprobe resolves the dependencies; the paths are relative to the folder of the modules.
release=$(basename "$modules")
root=${modules%/lib/modules/*}
depmod -b "$root" "$release" 2>/dev/null || "$folder/root/bin/busybox" depmod -b "$root" "$release"
for name in nd_e820 nd_pmem dax_pmem crc32c_generic crc32c_intel crc32c_cryptoapi ext4 xfs; do
  modprobe -d "$root" -S "$release" --show-depends "$name" 2>/dev/null || true
done | awk '/^insmod/{print $2}' | awk '!seen[$0]++' > "$image/modules/all"
while read -r file; do
  name=$(basename "$file" .xz)
  case $file in *.xz) xz -dc "$file" > "$image/modules/$name" ;; *) cp "$file" "$image/modules/" ;; esac
  echo "$name" >> "$image/modules/order"
done < "$image/modules/all"
cp "$here/init" "$image/init"
chmod +x "$image/init"
(cd "$image" && find . | "$folder/root/bin/busybox" cpio -o -H newc 2>/dev/null | gzip -1) \
  > "$folder/image-$series.gz.tmp"
mv "$folder/image-$series.gz.tmp" "$folder/image-$series.gz"
rm -rf "$image"
