"""Midwatch: a Discord bot that stands watch over Midjourney accounts run through the useapi.net API."""
