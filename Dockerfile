# The whole audit: torch, diffusers, peft and the lab. `docker build -t lorascan .`
FROM python:3.12-slim
RUN apt-get update && apt-get install -y --no-install-recommends bubblewrap && rm -rf /var/lib/apt/lists/*
COPY . /src
RUN python -m pip install --no-cache-dir "/src[audit]" && rm -rf /src && useradd --create-home auditor
USER auditor
WORKDIR /work
ENTRYPOINT ["lorascan"]
CMD ["--help"]
