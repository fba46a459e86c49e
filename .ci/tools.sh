# The programs that the gate needs, from Debian. Sourced by .ci/run.

# Command (or file) and the Debian package that brings it.
tools=(
  socat=socat  wget=wget  qemu-system-x86_64=qemu-system-x86  busybox=busybox-static  cpio=cpio  modprobe=kmod  curl=curl
  strace=strace  systemd-analyze=systemd  /lib/systemd/systemd=systemd  h2load=nghttp2-client  awk=mawk
  node=nodejs  npm=npm  git=git  nginx=nginx  haproxy=haproxy  chromium=chromium
  prometheus=prometheus  promtool=prometheus  clang=clang  /usr/include/zlib.h=zlib1g-dev  openssl=openssl
  /usr/bin/python3=python3  gnutls-cli=gnutls-bin  pg_ctlcluster=postgresql  redis-server=redis-server  redis-cli=redis-tools
  ps=procps  unshare=util-linux  dig=bind9-dnsutils  dnsmasq=dnsmasq-base  ip=iproute2
  /usr/lib/nginx/modules/ngx_stream_module.so=libnginx-mod-stream
  /usr/lib/x86_64-linux-musl/libc.a=musl-dev  shellcheck=shellcheck  buildah=buildah
  rpmbuild=rpm  lintian=lintian  rpmlint=rpmlint  jq=jq  readelf=binutils  groff=groff-base
)

missing_packages() {
  local tool
  for tool in "${tools[@]}"; do
    [[ -e ${tool%%=*} ]] || command -v "${tool%%=*}" > /dev/null || echo "${tool#*=}"
  done | sort -u
  # Cloud kernels have no 9p.
  [[ -n $(find /lib/modules -name '9pnet_virtio.ko*' 2> /dev/null) && -n $(ls /boot/vmlinuz-* 2> /dev/null) ]] ||
    echo linux-image-amd64
}

install_tools() {
  local packages
  packages=$(missing_packages)
  [[ -n $packages ]] || return 0
  if ((EUID != 0)); then
    echo "not root: install them with apt-get install" $packages
    return 1
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get -q update && apt-get -q -y install --no-install-recommends $packages > "$scratch/apt.log" 2>&1 ||
    { tail -n 20 "$scratch/apt.log"; return 1; }
  [[ -z $(missing_packages) ]]
}

sdk_10() { dotnet --list-sdks | grep -q '^10\.' || { echo "no .NET SDK 10"; return 1; }; }
