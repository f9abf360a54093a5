"""A design as a PyTorch module: its codes bit for bit, its gradient, and models whose activations are swapped."""

import copy
import functools
import io
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is missing: run make test-torch")

import gelugen  # noqa: E402
from gelugen.formats import TIES  # noqa: E402
from gelugen.pytorch import QuantizedActivation, function_of, swap_activations  # noqa: E402
from gelugen.pytorch.slopes import slope_of  # noqa: E402

nn, functional = torch.nn, torch.nn.functional
FLOATS = [torch.float64, torch.float32, torch.float16, torch.bfloat16]
AFFINE = "int8:scale=0.05,zero_point=-3"


@functools.cache
def design(function="gelu", input="q3.4", output="q3.4", ties="even", architecture="table"):
    return gelugen.build(gelugen.Spec(function, input, output, ties=ties, architecture=architecture))


@functools.cache
def wide():
    spec = gelugen.Spec("gelu", "q3.12", "q3.12", "faithful", architecture="residual-dyadic-linear")
    return gelugen.build(spec)


CASES = {
    "fixed": lambda: design(),
    "affine": lambda: design(input=AFFINE, output="int8:scale=0.027,zero_point=-120"),
    "unsigned": lambda: design(input="uint8:scale=0.1,zero_point=255", output="int8:scale=0.01"),
    "16 bits": wide,
}


def around(form):
    """Every code, every boundary between two, and the neighbours of both in float64."""
    k = form.codes() - form.zero_point
    points = np.concatenate([k * form.scale, (k - 0.5) * form.scale, [(k[-1] + 0.5) * form.scale]])
    points = np.concatenate([points, np.nextafter(points, -np.inf), np.nextafter(points, np.inf)])
    return np.concatenate([points, [0.0, -0.0, np.inf, -np.inf, 1e300, -1e300, 5e-324]])


# -- the same codes ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_every_code_boundary_and_neighbour(case, dtype):
    made = CASES[case]()
    form, ties = made.spec.input, made.spec.ties
    x = torch.tensor(around(form)).to(dtype)
    expected = made.eval(form.quantize(x.double().numpy(), ties))
    module = QuantizedActivation(made)
    np.testing.assert_array_equal(module.codes(x).numpy(), expected)
    reals = made.spec.output.dequantize(expected)
    reals = torch.tensor(reals) if dtype == torch.float64 else torch.tensor(reals.astype(np.float32)).to(dtype)
    y = module(x)
    assert y.dtype == dtype
    assert torch.equal(y, reals)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", FLOATS, ids=str)
def test_random_reals_of_any_shape(case, dtype):
    made = CASES[case]()
    form = made.spec.input
    generator = torch.Generator().manual_seed(1)
    x = (torch.randn(7, 1, 400, generator=generator, dtype=torch.float64) * form.scale * (1 << form.bits) / 4).to(dtype)
    module = QuantizedActivation(made)
    inputs = form.quantize(x.double().numpy(), made.spec.ties)
    np.testing.assert_array_equal(module.input_codes(x).numpy(), inputs)
    np.testing.assert_array_equal(module.codes(x.transpose(0, 2)).numpy(), made.eval(inputs).transpose(2, 1, 0))
    assert module(x[0, 0, 0]).shape == ()
    assert module(x[:0]).shape == (0, 1, 400)


@pytest.mark.parametrize("ties", TIES)
def test_ties_of_the_spec(ties):
    made = design(ties=ties)
    x = (torch.arange(-129, 129, dtype=torch.float32) + 0.5) / 16
    expected = made.spec.input.quantize(x.double().numpy(), ties)
    np.testing.assert_array_equal(QuantizedActivation(made).input_codes(x).numpy(), expected)


@pytest.mark.parametrize("scale", ["0x1p-126", "0x1.fffffep125", "0x1.8p-149"])
def test_scales_at_the_ends_of_float32(scale):
    if scale.endswith("-149"):
        with pytest.raises(gelugen.GelugenError, match="scale"):
            gelugen.Format.parse(f"int8:scale={scale}")
        return
    made = design(input=f"int8:scale={scale}", output=f"int8:scale={scale}")
    x = torch.tensor(around(made.spec.input)).float()
    expected = made.eval(made.spec.input.quantize(x.double().numpy()))
    np.testing.assert_array_equal(QuantizedActivation(made).codes(x).numpy(), expected)


def test_nan_stays_and_has_no_code():
    module = QuantizedActivation(design())
    x = torch.tensor([float("nan"), 1.0], requires_grad=True)
    y = module(x)
    assert torch.isnan(y).tolist() == [True, False]
    with pytest.raises(gelugen.GelugenError, match="NaN"):
        module.codes(x)


def test_a_changed_table_is_noticed():
    module = QuantizedActivation(design())
    module._codes = module._codes.clone()
    module._codes[77] += 1
    x = torch.tensor(module.design.spec.input.dequantize(module.design.spec.input.codes()))
    assert (module.codes(x).numpy() != module.design.eval(module.design.spec.input.codes())).sum() == 1


@pytest.mark.parametrize("x", [torch.tensor([1]), 1.0, np.zeros(3), torch.tensor([1j])])
def test_what_is_no_float_tensor_is_refused(x):
    with pytest.raises(gelugen.GelugenError, match="float64, float32"):
        QuantizedActivation(design())(x)


# -- from where, and state ---------------------------------------------------------------------------------------------


def test_from_a_folder(tmp_path):
    made = gelugen.generate(gelugen.Spec("gelu", "q3.4", "q3.4"), tmp_path)
    assert QuantizedActivation(made.folder).design == QuantizedActivation(str(made.folder)).design == made.design


def test_what_is_no_design_is_refused(tmp_path):
    with pytest.raises(gelugen.GelugenError, match="must be a Design"):
        QuantizedActivation(7)
    with pytest.raises(gelugen.GelugenError, match="no folder"):
        QuantizedActivation(tmp_path / "none")
    gated = gelugen.generate(
        gelugen.GatedSpec("reglu", input="q1.2", intermediate="q1.2", up="q1.2", output="q1.2"), tmp_path
    )
    with pytest.raises(gelugen.GelugenError, match="a gated unit has two"):
        QuantizedActivation(gated.folder)


def test_state_dict_carries_the_design():
    model = nn.Sequential(nn.Linear(3, 4), QuantizedActivation(design()))
    other = nn.Sequential(nn.Linear(3, 4), QuantizedActivation(CASES["affine"]()))
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    other.load_state_dict(torch.load(file, weights_only=True))
    x = torch.randn(50, 3)
    assert other[1].design == design()
    assert torch.equal(other(x), model(x))
    with pytest.raises(gelugen.GelugenError, match="malformed"):
        other[1].set_extra_state(torch.tensor([1, 2], dtype=torch.uint8))


def test_copies_pickles_and_half_keep_the_codes():
    module = QuantizedActivation(wide())
    x = torch.randn(1000) * 3
    file = io.BytesIO()
    torch.save(module, file)
    file.seek(0)
    loaded = torch.load(file, weights_only=False)
    for each in (copy.deepcopy(module), loaded, copy.deepcopy(module).half(), copy.deepcopy(module).to(torch.bfloat16)):
        assert torch.equal(each.codes(x), module.codes(x))
        assert torch.equal(each(x), module(x))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PyTorch's own compiler
def test_export_and_compile_give_the_same():
    model = nn.Sequential(nn.Linear(3, 4), QuantizedActivation(wide()))
    x = torch.randn(5, 3)
    assert torch.equal(torch.export.export(model, (x,)).module()(x), model(x))
    compiled = torch.compile(model, backend="eager", fullgraph=True)
    assert torch.equal(compiled(x), model(x))


def test_print_names_function_and_formats():
    assert repr(QuantizedActivation(design())) == "QuantizedActivation(gelu, q3.4 to q3.4, correct)"


# -- the gradient ------------------------------------------------------------------------------------------------------

REALS = {
    "gelu": functional.gelu,
    "gelu_tanh": functools.partial(functional.gelu, approximate="tanh"),
    "gelu_sigmoid": lambda x: x * torch.sigmoid(1.702 * x),
    "parametric_gelu:alpha=2,beta=0.5": lambda x: 2 * x * torch.sigmoid(0.5 * x),
    "swish": functional.silu,
    "swish:beta=2": lambda x: x * torch.sigmoid(2 * x),
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
}


@pytest.mark.parametrize("function", REALS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32], ids=str)
def test_gradient_is_the_real_functions(function, dtype):
    module = QuantizedActivation(design(function, output="q4.4"))
    x = torch.linspace(-7.99, 7.9, 997, dtype=dtype, requires_grad=True)
    weights = torch.linspace(-2, 3, 997, dtype=dtype)
    (ours,) = torch.autograd.grad((module(x) * weights).sum(), x)
    (real,) = torch.autograd.grad((REALS[function](x) * weights).sum(), x)
    close = {torch.float64: 1e-13, torch.float32: 3e-6}[dtype]
    assert torch.allclose(ours, real, rtol=0, atol=close)


def test_gradient_without_a_closed_form():
    assert slope_of("softplus") is None
    module = QuantizedActivation(design("softplus", "q3.8", "q4.8"))
    x = torch.linspace(-7.9, 7.9, 997, dtype=torch.float64, requires_grad=True)
    (ours,) = torch.autograd.grad(module(x).sum(), x)
    assert torch.allclose(ours, torch.sigmoid(x), rtol=0, atol=1e-3)


def test_gradient_is_zero_where_the_input_saturates():
    module = QuantizedActivation(design())
    x = torch.tensor([-8.04, -8.03, 7.96, 7.97, 1e30, math.inf], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(module(x).sum(), x)
    assert (gradient != 0).tolist() == [False, True, True, False, False, False]


def test_gradient_is_zero_where_the_output_saturates():
    module = QuantizedActivation(design(output="q1.6"))  # up to 1.984
    x = torch.tensor([1.0, 1.9, 2.3, 6.0], requires_grad=True)
    (gradient,) = torch.autograd.grad(module(x).sum(), x)
    assert (gradient != 0).tolist() == [True, True, False, False]


@pytest.mark.parametrize("function", ["gelu", "gelu_tanh", "gelu_sigmoid"])
def test_slopes_are_finite_far_out(function):
    x = torch.tensor([-3e38, -1e30, -1e7, 1e7, 1e30, 3e38])
    assert slope_of(function)(x).tolist() == [0, 0, 0, 1, 1, 1]


def test_half_has_a_gradient():
    x = torch.randn(20, dtype=torch.bfloat16, requires_grad=True)
    QuantizedActivation(design())(x).sum().backward()
    assert x.grad.dtype == torch.bfloat16
    assert (x.grad != 0).any()


def test_training_goes_on_through_it():
    torch.manual_seed(0)
    x = torch.randn(256, 4)
    target = torch.sin(x.sum(1, keepdim=True))
    model = nn.Sequential(nn.Linear(4, 32), QuantizedActivation(wide()), nn.Linear(32, 1))
    before = model[0].weight.detach().clone()
    optimizer = torch.optim.Adam(model.parameters(), 1e-2)
    losses = []
    for _ in range(150):
        optimizer.zero_grad()
        loss = functional.mse_loss(model(x), target)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 4
    assert not torch.equal(model[0].weight, before)


# -- swap --------------------------------------------------------------------------------------------------------------


class GELUActivation(nn.Module):  # as transformers writes it
    def __init__(self):
        super().__init__()
        self.act = functional.gelu

    def forward(self, x):
        return self.act(x)


class Block(nn.Module):
    def __init__(self, activation):
        super().__init__()
        self.up, self.act, self.down = nn.Linear(4, 8), activation, nn.Linear(8, 4)

    def forward(self, x):
        return x + self.down(self.act(self.up(x)))


def small(*activations):
    torch.manual_seed(3)
    return nn.Sequential(*(Block(each) for each in activations))


def test_every_gelu_is_swapped():
    shared = nn.GELU()
    model = small(shared, GELUActivation(), functional.gelu, shared, nn.ReLU(), functools.partial(functional.gelu))
    names = swap_activations(model, wide())
    assert names == ["0.act", "1.act", "2.act", "3.act", "5.act"]
    assert all(isinstance(model.get_submodule(name), QuantizedActivation) for name in names)
    assert isinstance(model[4].act, nn.ReLU)
    plain = small(nn.GELU(), nn.GELU(), nn.GELU(), nn.GELU(), nn.ReLU(), nn.GELU())
    x = torch.randn(10, 4)
    assert not torch.equal(model(x), plain(x))
    assert torch.allclose(model(x), plain(x), atol=1e-2)
    assert swap_activations(model, wide()) == []


def test_a_mapping_names_what_to_swap():
    model = small(nn.GELU(), nn.GELU(), nn.GELU())
    assert swap_activations(model, {"2.act": design(), "0.act": wide()}) == ["0.act", "2.act"]
    assert model[2].act.design == design()
    assert isinstance(model[1].act, nn.GELU)
    with pytest.raises(gelugen.GelugenError, match=r"no activation '0\.up' to replace: there are 1\.act"):
        swap_activations(model, {"0.up": design(), "1.act": design()})
    assert isinstance(model[1].act, nn.GELU)


@pytest.mark.parametrize(
    "activation",
    [nn.GELU(approximate="tanh"), functools.partial(functional.gelu, approximate="tanh")],
    ids=["module", "function"],
)
def test_the_form_of_a_gelu_is_not_mixed_up(activation):
    model = small(nn.GELU(), activation)
    with pytest.raises(gelugen.GelugenError, match=r"1\.act computes gelu_tanh, and the design gelu"):
        swap_activations(model, design())
    assert isinstance(model[0].act, nn.GELU)  # all or none
    with pytest.raises(gelugen.GelugenError, match=r"0\.act computes gelu, and the design gelu_tanh"):
        swap_activations(model, design("gelu_tanh"))
    assert swap_activations(model, {"0.act": design(), "1.act": design("gelu_tanh")}) == ["0.act", "1.act"]


def test_any_function_is_taken_when_told():
    model = small(nn.GELU(approximate="tanh"))
    assert swap_activations(model, design(), any_function=True) == ["0.act"]


def test_other_kinds():
    model = small(nn.SiLU(), nn.ReLU())
    assert swap_activations(model, design()) == []
    assert swap_activations(model, design("swish"), (nn.SiLU,)) == ["0.act"]
    with pytest.raises(gelugen.GelugenError, match="whose function is not known"):
        swap_activations(model, design(), (nn.ReLU,))


def test_a_model_that_is_an_activation_is_refused():
    with pytest.raises(gelugen.GelugenError, match="itself"):
        swap_activations(nn.GELU(), design())


@pytest.mark.filterwarnings("ignore:enable_nested_tensor:UserWarning")
def test_the_fast_path_of_a_transformer_layer_is_off():
    layer = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True).eval()
    model = nn.TransformerEncoder(layer, 2).eval()
    x = torch.randn(2, 5, 8)
    with torch.inference_mode():
        before = model(x)
        swapped = copy.deepcopy(model)
        assert swap_activations(swapped, design()) == ["layers.0.activation", "layers.1.activation"]
        after = swapped(x)
    assert not torch.allclose(before, after, atol=1e-4)  # the coarse q3.4 is at work
    assert torch.allclose(before, after, atol=0.5)


def test_what_activations_compute():
    assert function_of(nn.GELU()) == function_of(functional.gelu) == "gelu"
    assert function_of(nn.GELU("tanh")) == "gelu_tanh"
    assert function_of(nn.Linear(1, 1)) is None
    assert function_of(math.sin) is None
