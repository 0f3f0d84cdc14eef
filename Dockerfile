FROM rust:1.95-slim-trixie AS build
WORKDIR /source
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
COPY . .
RUN cargo build --release --locked -p sottovoce-cli

FROM debian:trixie-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
RUN useradd --uid 10001 --create-home sottovoce
COPY --from=build /source/target/release/sottovoce /usr/local/bin/sottovoce
USER sottovoce
WORKDIR /home/sottovoce
EXPOSE 8080
ENTRYPOINT ["sottovoce"]
CMD ["serve", "--host", "0.0.0.0"]
