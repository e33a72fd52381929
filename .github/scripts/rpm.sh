#!/usr/bin/env bash
# An rpm with the program of a release archive:  rpm.sh NAME VERSION x86_64|aarch64 ARCHIVE FOLDER
# The same input gives the same bytes.
# shellcheck source=.github/scripts/lib.sh
. "$(dirname "$0")/lib.sh"
name=$1 version=$2 arch=$3 archive=$4 out=$5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/files"
tar -xzf "$archive" -C "$work/files" --no-same-owner
program=$(find "$work/files" -type f -name "$name" -perm -u+x -print -quit)
[ -n "$program" ] || fail "$archive holds no program $name"
cat >"$work/package.spec" <<SPEC
Name: $name
Version: $(tr - '~' <<<"$version")
Release: 1
Summary: The $name database server
License: Apache-2.0
AutoReqProv: no
%global debug_package %{nil}
%global __os_install_post %{nil}
%description
The $name database server, version $version.
%install
install -D -m 755 $program %{buildroot}/usr/bin/$name
%files
/usr/bin/$name
SPEC
SOURCE_DATE_EPOCH=$(stat -c %Y "$program") rpmbuild --quiet -bb --target "$arch-linux" --define "_topdir $work/rpm" --define "_rpmdir $work/rpms" \
  --define "_buildhost localhost" --define "clamp_mtime_to_source_date_epoch 1" --define "use_source_date_epoch_as_buildtime 1" "$work/package.spec"
mv "$work/rpms/$arch/"*.rpm "$out/$name-$version-1.$arch.rpm"
