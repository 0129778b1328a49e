"""Which elements stand on which Wyckoff positions, before any coordinate is known."""

from aiida_crystalgen.science.site_templates.distribution import SiteDistribution
from aiida_crystalgen.science.site_templates.drawing import draw_templates
from aiida_crystalgen.science.site_templates.fillings import number_of_fillings
from aiida_crystalgen.science.site_templates.settings import TemplateSettings

__all__ = ('SiteDistribution', 'TemplateSettings', 'draw_templates', 'number_of_fillings')
