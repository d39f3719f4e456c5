# syntax=docker/dockerfile:1
# One image for every role; docs/deployment.md has the ports and settings of each.
#   docker run … parley                          everything in one process, no Redis
#   docker run … parley node server/entries/web.ts       signalling and the page; needs REDIS_URL
#   docker run … parley node server/entries/sfu-rtc.ts   media; needs REDIS_URL
#   docker run … parley node server/entries/worker.ts    what may wait, such as films; needs REDIS_URL
# Stop it with `docker stop -t 130`: Docker's ten seconds are too few to move people (DRAIN_GRACE_SECONDS).

FROM node:26.10.0-bookworm AS build
WORKDIR /app
# Dependencies first: they change less often than the sources.
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY native native
# mediasoup's own prebuilt worker where it can be had, else a build from its sources.
RUN node native/provision.ts --print > /tmp/worker-path \
 && install -D "$(cat /tmp/worker-path)" /out/mediasoup-worker
COPY tsconfig.json ./
COPY shared shared
COPY client client
RUN node client/build.ts

FROM node:26.10.0-bookworm AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# The image has its own Node: the one that package.json brings along is optional.
RUN npm ci --omit=dev --omit=optional
# The Procfile, which a platform may run in this image, names Node where npm puts it elsewhere.
RUN mkdir -p node_modules/.bin && ln -sf /usr/local/bin/node node_modules/.bin/node

FROM node:26.10.0-bookworm-slim
# ffmpeg renders films of recordings, with fonts for names in most scripts.
RUN apt-get update \
 && apt-get install -y --no-install-recommends ffmpeg fonts-noto-core fonts-noto-cjk fonts-symbola \
 && rm -rf /var/lib/apt/lists/*
# What a worker that was built from source links against; mediasoup's prebuilt one needs none of it, and
# libsrtp2-1 only the one that got no libsrtp of its own (docs/decisions/0013-libsrtp-on-openssl.md).
RUN apt-get update \
 && apt-get install -y --no-install-recommends libstdc++6 libuv1 libsrtp2-1 libssl3 libabsl20220623 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
ENV NODE_ENV=production \
    MEDIASOUP_WORKER_BIN=/usr/local/bin/mediasoup-worker
COPY --from=build /out/mediasoup-worker /usr/local/bin/mediasoup-worker
COPY --from=dependencies /app/node_modules node_modules
COPY package.json ./
COPY native native
COPY shared shared
COPY server server
COPY --from=build /app/client/build.ts client/build.ts
COPY --from=build /app/client/dist client/dist
# `docker exec … parley turn list`, `docker run … parley doctor`.
RUN ln -s /app/server/entries/parley.ts /usr/local/bin/parley
# The worker of this image is tried once here, rather than by whoever starts it first.
RUN node native/provision.ts
# A number, since platforms that forbid root check it without reading /etc/passwd.
USER 10001:10001
# PORT for each role, and media of eight workers (MEDIA_PORT, one per CPU). Pipes between `sfu-rtc`
# replicas take any UDP port, or those of PIPE_PORTS; metrics that of METRICS_PORT.
EXPOSE 3000/tcp 40000-40007/udp 40000-40007/tcp
# Every role answers it on PORT. A start waits up to STORE_CONNECT_TIMEOUT_MS for Redis.
HEALTHCHECK --interval=10s --timeout=3s --start-period=40s \
  CMD ["node", "server/entries/health.ts"]
# Everything in one process, unless a role is named instead. Node itself is the process that gets
# SIGTERM; there is no shell or npm in between.
CMD ["node", "server/entries/all-in-one.ts"]
