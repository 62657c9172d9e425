"""Long recordings and live speech: who speaks when, and how it sounds."""
