# Varnish in front of Masthead, with the xkey module (package varnish-modules). Masthead runs with
#   --purge-urls http://127.0.0.1:6081/
# and purges by the cache tags of its `Surrogate-Key`. Only the purgers below may purge.
vcl 4.1;

import xkey;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

acl purgers {
    "127.0.0.1";
    "::1";
}

sub vcl_recv {
    if (req.method == "PURGE") {
        if (client.ip !~ purgers) {
            return (synth(403));
        }
        if (!req.http.xkey-purge) {
            return (synth(400));
        }
        set req.http.X-Purged = xkey.purge(req.http.xkey-purge);
        return (synth(200, "Purged " + req.http.X-Purged));
    }
    # What is said to editors, the state of the server, live streams and waits for a change are nobody else's.
    if (req.url ~ "^/(v1/admin/|health/|metrics|v1/changes/stream)" || req.http.Min-Change) {
        return (pass);
    }
    # Delivery never looks at who asks.
    unset req.http.Authorization;
    unset req.http.Cookie;
}

sub vcl_backend_response {
    set beresp.http.xkey = beresp.http.Surrogate-Key;
    # Without this what is purged could be served once more while it is fetched anew.
    set beresp.grace = 0s;
}

sub vcl_deliver {
    unset resp.http.xkey;
}
