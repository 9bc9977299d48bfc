"""The phone simulator: what stands for Twilio and Telegram on a developer's machine, and the telephones behind them."""
