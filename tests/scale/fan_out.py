"""A work chain that keeps many jobs of this package alive at once; the daemon imports it."""

from aiida import orm
from aiida.engine import while_

from aiida_crystalgen.data.convert import crystals_from_node, node_from_crystals
from aiida_crystalgen.data.structure_set import StructureSetData
from aiida_crystalgen.workflows.children import submit_once
from aiida_crystalgen.workflows.relax import PotentialRelaxWorkChain
from aiida_crystalgen.workflows.throttle import EagerWorkChain


class FanOutWorkChain(EagerWorkChain):
    """Relaxes each structure of a set by a child of its own, so many at a time."""

    @classmethod
    def define(cls, spec):
        """Define an outline that follows up each child."""
        super().define(spec)
        spec.input('structures', valid_type=StructureSetData, help='One child each.')
        spec.input('code', valid_type=orm.AbstractCode, help='Of the children.')
        spec.input('max_concurrent', valid_type=orm.Int, help='Largest number alive at a time.')
        spec.outline(cls.setup, while_(cls.has_rows_left)(cls.run_rows))

    def setup(self):
        """Start with no child."""
        self.ctx.pks = []

    def has_rows_left(self):
        """Return whether a child is missing or alive."""
        return len(self.ctx.pks) < self.inputs.structures.number or bool(self._alive())

    def _alive(self):
        """Return the children that have not ended."""
        alive = {'attributes.process_state': {'in': ['created', 'running', 'waiting']}}
        filters = {'id': {'in': self.ctx.pks or [-1]}, **alive}
        return orm.QueryBuilder().append(orm.ProcessNode, filters=filters).all(flat=True)

    def run_rows(self):
        """Fill the free places, and wait for any child."""
        alive = self._alive()
        crystals = crystals_from_node(self.inputs.structures)
        free = self.inputs.max_concurrent.value - len(alive)
        for row in range(len(self.ctx.pks), len(crystals))[:free]:
            child = submit_once(
                self,
                PotentialRelaxWorkChain,
                f'row_{row}',
                structures=node_from_crystals(crystals.select([row])),
                potential='stillinger-weber',
                settings={'row': row},
                code=self.inputs.code,
            )
            self.ctx.pks.append(child.pk)
            alive.append(child)
        self.to_context(**{f'awaited.row_{child.pk}': child for child in alive})
