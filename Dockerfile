# The base is any image with apt: the official one of Python, or a Debian whose own Python is 3.11 or newer.
ARG BASE=python:3.13-slim

FROM ${BASE} AS base
# The font is for Chinese, Japanese and Korean in the pictures, in names and in words.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates fonts-wqy-microhei $(command -v python3 >/dev/null || echo python3) \
    && apt-get clean && rm -rf /var/lib/apt/lists/*

FROM base AS build
RUN python3 -c 'import ensurepip' || { apt-get update && apt-get install -y --no-install-recommends python3-venv; }
RUN python3 -m venv /build && python3 -m venv --without-pip /opt/midwatch
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /source
COPY requirements-build.lock requirements-image.lock ./
RUN /build/bin/pip install --require-hashes --no-deps --only-binary :all: -r requirements-build.lock \
    && /build/bin/pip --python /opt/midwatch install --require-hashes --no-deps --only-binary :all: -r requirements-image.lock
COPY . .
RUN /build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && /build/bin/pip --python /opt/midwatch install --no-index --no-deps /wheels/*.whl

FROM base
COPY --from=build /opt/midwatch /opt/midwatch
# The group of any user may write there: OpenShift runs containers as a random user of group 0.
RUN install -d -o 10001 -g 0 -m 771 /data
ENV PATH=/opt/midwatch/bin:$PATH DATABASE_PATH=/data/midwatch.sqlite3 LISTEN=127.0.0.1:8080
USER 10001:0
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=60s --timeout=10s --start-period=60s CMD ["midwatch", "healthy"]
ENTRYPOINT ["midwatch"]
CMD ["run"]
