FROM node:24-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts

FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts
COPY tsconfig.json tsconfig.build.json asconfig.json vite.config.ts vite.service.config.ts ./
COPY src src
RUN npm run build
# An empty directory, to be copied with an owner.
RUN mkdir data

FROM node:24-slim
# Whatever is written goes to the volume, so that the root file system may be read-only: graphs and claims unless they
# are in S3, and the digester's temporary files.
ENV NODE_ENV=production \
    RUNTIME_HTTPSERVER_ADDRESS=:8080 \
    GRAPH_DATA_DIR=/data \
    FLOW_LOG_SPILL_DIR=/data \
    DIGESTER_ENDPOINT=file:/flow-logs
WORKDIR /app
COPY package.json LICENSE.txt ./
COPY --from=dependencies /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY --from=build --chown=1000:1000 /app/data /data
VOLUME /data
# By number, so that "run as non-root" can be checked from outside.
USER 1000:1000
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s CMD ["node", "-e", "const address = process.env.RUNTIME_HTTPSERVER_ADDRESS || `:${process.env.PORT || 8080}`; fetch(`http://${address.replace(/^:/, '127.0.0.1:')}/healthcheck`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Not through npm, which would keep signals to itself. Of the memory for new objects 2 MB are enough: it is collected more often, and
# what is done with is freed sooner.
CMD ["node", "--max-semi-space-size=2", "dist/main.js"]
