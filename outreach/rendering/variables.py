"""Which variables a template uses, read from its syntax tree, so that no value is ever shown."""

from collections.abc import Iterable, Mapping

from jinja2 import meta, nodes


def variables(tree: nodes.Template) -> frozenset[str]:
    """What the context of a template must supply, dotted: ``first``, ``visit.start``."""
    outer = meta.find_undeclared_variables(tree)
    dotted = {
        f"{node.node.name}.{node.attr}"
        for node in tree.find_all(nodes.Getattr)
        if isinstance(node.node, nodes.Name) and node.node.name in outer
    }
    with_fields = {name.partition(".")[0] for name in dotted}
    return frozenset(dotted | (outer - with_fields))


def absent(names: Iterable[str], context: Mapping[str, object]) -> list[str]:
    """Those of the dotted ``names`` that ``context`` does not supply, sorted."""
    return sorted(name for name in names if not _supplied(name, context))


def _supplied(name: str, context: Mapping[str, object]) -> bool:
    first, _, field = name.partition(".")
    if first not in context:
        return False
    value = context[first]
    if not field:
        return True
    return field in value if isinstance(value, Mapping) else hasattr(value, field)
