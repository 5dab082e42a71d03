"""What schemathesis cannot make of a schema alone: pictures, and the small grammars of some fields."""

import pathlib

import schemathesis
from hypothesis import strategies as st

PICTURE = (pathlib.Path(__file__).parent.parent / "fixtures/photos/rocket.jpg").read_bytes()
pictures = st.one_of(st.just(PICTURE), st.binary(max_size=200))

schemathesis.openapi.format("binary", pictures)
schemathesis.openapi.media_type("image/*", pictures)
