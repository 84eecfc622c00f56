FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY openapi openapi
COPY tools tools
COPY src src
COPY web web
COPY docs docs
COPY site site
COPY CONTRIBUTING.md CHANGELOG.md ./
RUN npm run build && rm -f dist/.tsbuildinfo dist/.made-of-src && npm prune --omit=dev

FROM node:24-slim
ENV NODE_ENV=production PINHOLE_HOST=0.0.0.0 PINHOLE_DATA_DIR=/data PINHOLE_OPERATOR_TOKEN_FILE=/data/operator-token
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY docs/spec.md docs/spec.md
COPY LICENSE LICENSE
RUN install -d -o node -g node /data
USER node
VOLUME /data
EXPOSE 8080
# Outside of loopback the server needs an operator token. It creates one in /data at the first
# start, or reads the one that is mounted there.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + (process.env.PINHOLE_PORT ?? 8080) + '/livez').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
# To repair the journal, stop the server and run: docker compose run --rm pinhole repair
ENTRYPOINT ["node", "dist/main.js"]
