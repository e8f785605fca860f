#!/bin/bash
# nginx gives each connection 20 MB/s: six layers come over six at a time.
set -eu
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

start_fake origin --generate test/image:1=20M:6
front() {
    cat << END
    server {
        listen 127.0.0.1:$P1;
        limit_rate 20m;
        location / {
            proxy_pass http://${FAKE[origin]};
            proxy_buffering on;
            proxy_max_temp_file_size 0;
        }
    }
END
}
start_nginx front
tug_fetch --plain-http --max-concurrent-downloads 6 "127.0.0.1:$P1/test/image:1"
connections=$(sed -n 's|.* connection=\([0-9]*\) .*/blobs/.* sent=[0-9]\{7,\}$|\1|p' nginx/access |
    sort -u | wc -l)
assert_at_least "connections that brought a layer" 4 "$connections"
