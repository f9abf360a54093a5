"""What people look at: the figures of a design, its picture, the picture of an exploration, and of a comparison."""

from gelugen.report.comparison import plot_comparison
from gelugen.report.figures import figures, lines
from gelugen.report.front import plot_front
from gelugen.report.pictures import can_plot, plot

__all__ = ["can_plot", "figures", "lines", "plot", "plot_comparison", "plot_front"]
