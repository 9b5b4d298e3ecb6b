"""The outside in miniature: a simulated Discord, a simulated useapi.net, and the demo that shows them."""
