"""midjourney-proxy (trueai-org): the client of its admin API, and the parsers beyond which no JSON goes."""
