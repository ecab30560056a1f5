"""One module for each library: functions that make a Player, run in processes of their own."""
