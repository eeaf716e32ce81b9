"""The pictures that pages share, drawn with plotly: heatmaps, learning curves, scatters."""
