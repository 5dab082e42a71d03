"""What schemathesis cannot make of a schema alone: images, and the small grammars of some fields."""

import pathlib

import schemathesis
from hypothesis import strategies as st

IMAGE = (pathlib.Path(__file__).parent.parent / "fixtures/photos/rocket.jpg").read_bytes()
images = st.one_of(st.just(IMAGE), st.binary(max_size=200))

schemathesis.openapi.format("binary", images)
schemathesis.openapi.media_type("image/*", images)
