"""Midwatch: a Discord bot that watches the Midjourney accounts of a midjourney-proxy or of useapi.net."""
