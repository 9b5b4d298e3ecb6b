"""Domain objects to embeds, texts and sentences, inside Discord's limits: pure, no clock, no network."""
