"""The demo: it shows a simulated Discord and a simulated useapi.net, with the bot between them."""
