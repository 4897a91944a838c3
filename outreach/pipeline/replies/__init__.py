"""Replies: which question one answers, what is answered to it, and what it holds or ends."""
