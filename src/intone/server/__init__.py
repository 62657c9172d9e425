"""A service: sound in over HTTP or a WebSocket, answers out; and a page to use it.

`service` hears, with a bounded number of threads; `app` is what the network sees of it, in `routes`
and `live`, behind `guard`; `running` binds it to a port and ends it without losing an answer.
"""
