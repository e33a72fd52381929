# The image is the product: dbdyno as entrypoint, with git, Go, sysbench, MariaDB and PostgreSQL.
#   docker build -t dbdyno .            docker run --rm dbdyno demo
# Debian has no MySQL. An image that has one gives its server to this one, with the libraries that it needs:
#   docker build --build-arg MYSQL_IMAGE=mysql:8.0-debian -t dbdyno .
ARG MYSQL_IMAGE=debian:bookworm-slim
FROM debian:bookworm-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
    gcc libc6-dev meson ninja-build pkg-config libmariadb-dev libpq-dev libcurl4-openssl-dev libcjson-dev zlib1g-dev \
    libsqlite3-dev libyaml-dev libssl-dev libexpat1-dev libarchive-dev \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN meson setup /build /src --buildtype=release -Dtests=false && ninja -C /build dbdyno

# The demo's modules, as a file proxy: the cache that builds write to stays the user's own, and the demo needs no network.
FROM golang:1.26-bookworm AS modules
COPY tests/engine/go.mod tests/engine/go.sum /src/
RUN cd /src && export GOMODCACHE=/tmp/modules && go mod download \
    && mkdir /go-proxy && mv /tmp/modules/cache/download/* /go-proxy && go clean -modcache

# Where no MySQL is given, /usr/sbin/mysqld, which Jobs name, says so.
FROM ${MYSQL_IMAGE} AS mysql
USER 0
COPY tools/bundle-mysql.sh /bundle-mysql.sh
RUN mkdir -p /opt/mysql && { sh /bundle-mysql.sh /opt/mysql || [ $? = 3 ]; } && { [ -e /opt/mysql/mysqld ] || \
    { printf '%s\n' '#!/bin/sh' 'echo "this image was built without MySQL: build it with --build-arg MYSQL_IMAGE=IMAGE, or compare with mariadb" >&2' \
    'exit 1' >/opt/mysql/mysqld && chmod 755 /opt/mysql/mysqld; }; }

FROM debian:bookworm-slim
# gcc, g++ and ICU are for engines that need cgo (Dolt).
RUN apt-get update && export DEBIAN_FRONTEND=noninteractive \
    && apt-get install -y --no-install-recommends postgresql-common \
    && sed -i 's/^#\?create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf \
    && apt-get install -y --no-install-recommends \
    git ca-certificates sysbench mariadb-server-core mariadb-client-core postgresql-15 gcc g++ libc6-dev libicu-dev \
    libmariadb3 libpq5 libcurl4 libcjson1 zlib1g libsqlite3-0 libyaml-0-2 libssl3 libexpat1 libarchive13 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=modules /usr/local/go /usr/local/go
COPY --from=modules /go-proxy /usr/local/share/dbdyno/go-proxy
COPY --from=build /build/dbdyno /usr/local/bin/dbdyno
RUN ln -s dbdyno /usr/local/bin/dolt-builder
COPY --from=mysql /opt/mysql /opt/mysql
COPY benchmarker/schema.sql /app/schema.sql
# MariaDB's package has an alias of that name. Homes and the socket's folder serve whatever user a Job runs as.
RUN ln -sf /opt/mysql/mysqld /usr/sbin/mysqld && useradd --uid 10001 --user-group --create-home dbdyno \
    && useradd --uid 10002 --user-group --create-home tester && mkdir /home/tester/.mysql \
    && chown tester:tester /home/tester/.mysql && chmod 755 /home/tester && chmod 1777 /home/dbdyno /home/tester/.mysql
ENV HOME=/home/dbdyno
# Go asks the image's own modules before its default proxy.
RUN sed -i 's|^GOPROXY=|GOPROXY=file:///usr/local/share/dbdyno/go-proxy,|' /usr/local/go/go.env
ENV PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
LABEL org.opencontainers.image.title=dbdyno \
      org.opencontainers.image.description="Is this commit of a database faster than that one, by how much, and are we sure?" \
      org.opencontainers.image.licenses=Apache-2.0
USER 10001:10001
WORKDIR /home/dbdyno
ENTRYPOINT ["/usr/local/bin/dbdyno"]
