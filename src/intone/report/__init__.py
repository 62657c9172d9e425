"""Reports for people, made from data alone: no network is ever seen here."""
