"""What people look at: the figures of a design, its picture, a page; pictures of explorations and comparisons."""

from gelugen.report.comparison import plot_comparison
from gelugen.report.figures import figures, lines
from gelugen.report.front import plot_front
from gelugen.report.page import page
from gelugen.report.pictures import can_plot, plot
from gelugen.report.records import Records, gather

__all__ = ["Records", "can_plot", "figures", "gather", "lines", "page", "plot", "plot_comparison", "plot_front"]
