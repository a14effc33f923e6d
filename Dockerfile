# The operator's image: docker build --tag karpenter-ts:0.1.0 .
# Reproducible: the dependencies are those of package-lock.json; give NODE a digest to fix the base as well.
ARG NODE=node:24-bookworm-slim

# Compiles, and packs what users of the package get.
FROM ${NODE} AS pack
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
COPY . ./
RUN npm run build && mv "$(npm pack --ignore-scripts --silent)" karpenter-ts.tgz

# Installs that, without what only development needs, types and source maps of dependencies among it.
FROM ${NODE} AS install
WORKDIR /app
COPY --from=pack /build/karpenter-ts.tgz /build/package-lock.json ./
RUN tar -xzf karpenter-ts.tgz --strip-components=1 && rm karpenter-ts.tgz
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error
RUN find node_modules -type f '(' -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' ')' -delete

FROM ${NODE}
ENV NODE_ENV=production
WORKDIR /app
COPY --from=install /app ./
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["node", "--enable-source-maps", "/app/dist/src/cli/main.js"]
CMD ["run"]
