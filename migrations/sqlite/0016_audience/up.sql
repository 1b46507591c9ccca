-- Of many texts few are for adults, and a list of them should not read all the others.
CREATE INDEX articles_audience ON articles (kind, state, audience, published_at, id);
