"""OpenStack Swift with its S3 API, all of it in one process: proxy, account, container and object server.

Arguments: a folder for its files, the port of the S3 API, the access key, the secret key.
"""

import os
import sys

import eventlet
from swift.common import utils, wsgi

utils.eventlet_monkey_patch()
# With hubs that wait for signals of their own it would not end on SIGTERM.
FOLDER, PORT, ACCESS, SECRET = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
# Swift reads its own settings from here as it is imported.
utils.SWIFT_CONF_FILE = os.path.join(FOLDER, "swift.conf")

SERVER = """
[DEFAULT]
swift_dir = {folder}
devices = {folder}/devices
mount_check = false
bind_ip = 127.0.0.1
bind_port = {port}
log_level = WARNING
user = root
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
# A busy machine is late; a listing that is brought up to date afterwards would be none.
container_update_timeout = 60
"""

PROXY = """
[DEFAULT]
swift_dir = {folder}
bind_ip = 127.0.0.1
bind_port = {port}
log_level = WARNING
user = root
[pipeline:main]
pipeline = catch_errors cache listing_formats bulk s3api tempauth slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
node_timeout = 60
conn_timeout = 20
[filter:tempauth]
use = egg:swift#tempauth
{user}
[filter:s3api]
use = egg:swift#s3api
s3_acl = false
check_bucket_owner = false
location = us-east-1
allow_multipart_uploads = true
min_segment_size = 5242880
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def listen(port=0):
    return eventlet.listen(("127.0.0.1", port), backlog=256)


write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = tests\n[storage-policy:0]\nname = one\ndefault = yes\n")
# swift.common.ring reads swift.conf as it is imported.
from swift.common.ring import RingBuilder  # noqa: E402

sockets = {kind: listen() for kind in ("account", "container", "object")}
os.makedirs(os.path.join(FOLDER, "devices", "disk"), exist_ok=True)
for kind, socket in sockets.items():
    builder = RingBuilder(4, 1, 0)
    builder.add_dev(
        {
            "id": 0,
            "region": 1,
            "zone": 1,
            "weight": 1.0,
            "ip": "127.0.0.1",
            "port": socket.getsockname()[1],
            "device": "disk",
        }
    )
    builder.rebalance()
    builder.get_ring().save(os.path.join(FOLDER, kind + ".ring.gz"))

for kind, socket in sockets.items():
    path = write(kind + "-server.conf", SERVER.format(folder=FOLDER, kind=kind, port=socket.getsockname()[1]))
    eventlet.spawn(eventlet.wsgi.server, socket, wsgi.loadapp(path), log_output=False)

account, user = ACCESS.split(":")
key = "user_{}_{} = {} .admin".format(account, user, SECRET)
path = write("proxy-server.conf", PROXY.format(folder=FOLDER, port=PORT, user=key))
s3 = listen(PORT)
print("listening on %d" % s3.getsockname()[1], flush=True)
eventlet.wsgi.server(s3, wsgi.loadapp(path), log_output=False)
