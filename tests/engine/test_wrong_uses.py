"""What people type from habit: each wrong use, a line each, and the words that tell them what to write instead.

A line is ``code | error | words``. The traceback ends in the user's line; where ``!`` stands, a frame or two of ours
may follow.
"""

# ruff: noqa: E501 (a row of a table is a line)

import math
import re
import traceback
from types import CodeType
from typing import Any

import numpy as np
import pytest

import autograd
import viz
from autograd import data, nn, optim

X, Y = data.moons(20, rng=0)
SPACE = {
    "autograd": autograd,
    "nn": nn,
    "optim": optim,
    "data": data,
    "viz": viz,
    "np": np,
    "math": math,
    "X": X,
    "Y": Y,
}
SPACE |= {name: getattr(autograd, name) for name in autograd.__all__}
SPACE |= {name: getattr(nn, name) for name in ("MLP", "Linear", "Sequential", "losses", "penalties", "init")}
SPACE |= {name: getattr(optim, name) for name in ("SGD", "Adam", "RMSprop", "StepLR", "clip_grad_norm_")}
SPACE |= {name: getattr(data, name) for name in ("moons", "blobs", "split", "batches")}

VALUES = r"""
math.exp(v)                       | TypeError | autograd.exp(v), or v.exp()
math.sqrt(v)                      | TypeError | v.data is the plain number
float(v)                          | TypeError | float() of 'v' (data=2.0) would lose its gradient
int(v)                            | TypeError | write int(v.data)
round(v, 2)                       | TypeError | round(v.data, 2), or f'{v:.2f}'
complex(v)                        | TypeError | complex(v.data)
math.floor(v)                     | TypeError | math.floor(v.data)
math.ceil(v)                      | TypeError | math.ceil(v.data)
math.trunc(v)                     | TypeError | math.trunc(v.data)
np.floor(v)                       | TypeError | math.floor(v.data)
np.float64(v)                     | TypeError | v.data is the plain number
np.array([v], dtype=float)        | TypeError | would lose its gradient
v % 2                             | TypeError | v - k * math.floor(v.data / k)
2 % v                             | TypeError | jumps where it has no derivative
v // 2                            | TypeError | jumps where it has no derivative
divmod(v, 2)                      | TypeError | jumps where it has no derivative
v @ v                             | TypeError | write v * x, or autograd.dot(ws, xs)
np.ones(2) @ v                    | TypeError | write v * x, or autograd.dot(ws, xs)
! v + 'a'                         | TypeError | got str: 'a'; float(text) makes a number of it
! v + None                        | TypeError | got NoneType: None; is a return missing?
! v + [1.0]                       | TypeError | take its numbers one by one
! v * np.array([1.0, 2.0])        | TypeError | make one Value for each number
! np.array([1.0, 2.0]) * v        | TypeError | make one Value for each number
! bool(v)                         | TypeError | autograd.where(v > 0, a, b) for a choice
v.numpy()                         | AttributeError | a Value has no attribute numpy; write v.data, or v.item()
v.tolist()                        | AttributeError | write v.data, or v.item()
v.T                               | AttributeError | a Value is one number, without axes
v.shape                           | AttributeError | a Value is one number, without axes
v.tanhh()                         | AttributeError | has no attribute 'tanhh'
v.clone()                         | AttributeError | a new node is v + 0.0
v.is_leaf                         | AttributeError | a Value whose op is None
v.grad_fn                         | AttributeError | the operation is v.op
v.retain_grad()                   | AttributeError | every Value keeps its gradient
p.add_(1.0)                       | AttributeError | write p.data += x
! v.data = None                   | TypeError | data of 'v' (data=2.0) holds a real number
! v.data = v                      | TypeError | use v.data for the number
! p.data = np.array([1.0, 2.0])   | TypeError | holds one number, got an array of shape (2,)
! Value('2')                      | TypeError | float(text) makes a number of it
! Value([1.0, 2.0])               | TypeError | take its numbers one by one
! Value(None)                     | TypeError | is a return missing?
! Value(1 + 2j)                   | TypeError | use x.real, x.imag or abs(x)
! Value(np.ones(2))               | TypeError | [Value(x) for x in array]
! Value(v)                        | TypeError | use v.data for the number, or v itself
! Parameter([1.0, 2.0])           | TypeError | several are a ParameterArray(numbers)
! p -= 0.1                        | TypeError | inside `with no_grad():`, or write p.data -= ...
v.square()                        | AttributeError | write v**2
v.unsqueeze(0)                    | AttributeError | without axes: leave it out
v.to('cpu')                       | AttributeError | this machine's processor: leave it out
p.fill_(0.0)                      | AttributeError | write p.data = x
(v * v).backward(retain_graph=True) | TypeError | a graph is there as long as its Values are
(v * v).backward(gradient=1.0)    | TypeError | it is called seed here
! v.detach().backward()           | TypeError | start from Value(...) outside no_grad()
v.backward('a')                   | TypeError | the seed of backward() holds a real number
with no_grad: pass                | TypeError | write with no_grad():
with scope: pass                  | TypeError | write with scope('name'):
! with scope(''): pass            | TypeError | write scope('encoder')
! no_grad(print)                  | TypeError | as a decorator @no_grad()
autograd.log(-1.0)                | DomainError | maximum(x, 1e-12)
autograd.log(Value(-1.0))         | DomainError | needs x > 0, got x = -1.0
! Value(-1.0, label='s').sqrt()   | DomainError | got x = -1.0 (label 's')
! 1 / Value(0.0)                  | DivisionByZeroError | a `where` on the input
autograd.exp()                    | TypeError | exp(x) takes 1 argument, got 0
autograd.exp('a')                 | TypeError | exp takes Values, real numbers or NumPy arrays
autograd.exp([v, v])              | TypeError | exp takes Values, real numbers or NumPy arrays
autograd.maximum(v)               | TypeError | maximum(a, b) takes 2 arguments, got 1
autograd.relu(v, slope=0.1)       | TypeError | relu has no argument slope
autograd.leaky_relu(v, negative_slope=0.1) | TypeError | it is called slope here
autograd.where(v, 1.0, 2.0)       | TypeError | where(x > 0, a, b)
autograd.max(v, v)                | AttributeError | autograd.maximum(a, b)
autograd.tensor([1.0])            | AttributeError | [Value(x) for x in xs]
autograd.Tensor(1.0)              | AttributeError | autograd.Value(2.0)
autograd.zeros(3)                 | AttributeError | weights are nn.ParameterArray(array)
autograd.Function                 | AttributeError | autograd.op('name', kernel=
autograd.set_grad_enabled(False)  | AttributeError | write with no_grad():
op('cube', forward=abs)           | TypeError | it is called kernel here
autograd.arctan(v)                | AttributeError | it is called atan here
autograd.relux(v)                 | AttributeError | did you mean relu?
from autograd import tensor       | ImportError | autograd.Value(2.0)
gradients(v * v, v)               | TypeError | write gradients(y, [x])
gradients(v * v)                  | TypeError | missing a required argument: 'xs'. It is called as gradients(y, xs, record=False)
gradients(v, [v], create_graph=True) | TypeError | it is called record here
derivative(lambda x: x**3, 3.0)   | ValueError | derivative(f)(3.0)
derivative(lambda x: x**3)([2.0]) | TypeError | [derivative(f)(x) for x in xs]
derivative(3.0)                   | TypeError | derivative(lambda x: x**3), got float: 3.0
hessian(lambda x: x[0])(2.0)      | TypeError | list of all inputs, [2.0]
hessian(lambda x: x[0])(1.0, 2.0) | TypeError | list of all inputs, [1.0, 2.0]
hessian(3.0)                      | TypeError | hessian(lambda x: x**3)
op('cube')                        | TypeError | missing a required argument: 'kernel'
! Value(1.0, requires_grad=True)  | TypeError | p.requires_grad = False freezes a parameter
! Value(1.0, name='x')            | TypeError | it is called label here
! Value(1.0, 2.0)                 | TypeError | [Value(x) for x in xs]
Parameter()                       | TypeError | missing a required argument: 'data'
Parameter(1.0, lable='w')         | TypeError | did you mean label?
v.requires_grad = False           | TypeError | v.detach() is its number without gradient
autograd.Constant(1.0).requires_grad = True | TypeError | Value(v.data) a leaf with one
p.requires_grad = 0               | TypeError | requires_grad is True, or False to freeze, got int: 0
W.requires_grad = None            | TypeError | requires_grad is True, or False to freeze
v.backward(retain_graph=True)     | TypeError | a graph is there as long as its Values are
v.backward(gradient=1.0)          | TypeError | it is called seed here. It is called as Value.backward(seed=1.0)
autograd.exp(x=v)                 | TypeError | exp takes x by its place: exp(x)
autograd.clamp(v, low=0.0)        | TypeError | it is called min here
autograd.sum(v)                   | TypeError | sum takes a list of numbers or Values, got Value
autograd.sum([v], axis=0)         | TypeError | of rows write [f(row) for row in X]
autograd.sum([[v], [v]])          | TypeError | write [sum(row) for row in X]
autograd.sum(['a', 'b'])          | TypeError | an item of sum holds a real number, got str: 'a'
autograd.mean([])                 | ShapeError | it needs at least one
autograd.mean(v, v)               | TypeError | too many positional arguments. It is called as mean(xs)
autograd.softmax([v], axis=-1)    | TypeError | it is called dim here
autograd.softmax([v], dim=0)      | ValueError | over the numbers of one sample
autograd.softmax([[v], [v]])      | TypeError | write [softmax(row) for row in X]
autograd.softmax(['a'])           | TypeError | an item of softmax holds a real number
autograd.log_softmax(v)           | TypeError | log_softmax takes a list of numbers or Values
autograd.dot(v, v)                | TypeError | for a single product write w * x
autograd.dot([v], [v], bias=v)    | TypeError | it is called start here
autograd.dot([v], [v, v])         | ShapeError | two lists of one length, got 1 and 2
autograd.manual_seed('a')         | TypeError | a whole number from 0 on, or None
autograd.manual_seed(random_state=1) | TypeError | it is called seed here
autograd.sweep(3)                 | TypeError | a sweep starts from a Value
autograd.ancestors(3)             | TypeError | takes a Value, got int: 3
value_and_grad(lambda x: x, argnums='x') | TypeError | the place of an argument, from 0 on, or several
value_and_grad(lambda x: [x])(1.0) | TypeError | for a list of numbers take jacobian(f)(xs)
jacobian(lambda x: x[0])([2.0])   | TypeError | take value_and_grad(f), called as f is
jacobian(lambda x: None)([2.0])   | TypeError | returns a list of numbers, got NoneType
hvp(lambda x: x[0], [1.0], [1.0, 2.0]) | ShapeError | as many numbers in v as in xs
hessian(lambda x: x**3)([2.0])    | TypeError | unsupported operand
"""
MODELS = r"""
model(1.0, 2.0)                   | TypeError | A sample is one list: model([1.0, 2.0])
model()                           | TypeError | missing a required argument: 'x'. It is called as MLP.forward(x)
model([1.0])                      | ShapeError | takes 2 inputs, got 1
model(X)                          | ShapeError | [model(row) for row in X]
model('ab')                       | TypeError | takes a list of numbers or Values, got str: 'ab'
model([1.0, 'a'])                 | TypeError | a formula of Values in layers.0.neurons.0 holds a real number, got str: 'a'
MLP([2, 3, 1])                    | TypeError | missing a required argument: 'nouts'. It is called as MLP(nin, nouts,
MLP([2, 3, 1])                    | TypeError | for example MLP(2, [16, 16, 1], rng=0)
MLP(2, 3, 1)                      | TypeError | as in MLP(2, [16, 1]), got 3
MLP(2, hidden_sizes=[3, 1])       | TypeError | MLP has no argument hidden_sizes; it is called nouts here
MLP(2, [3, 1], seed=0)            | TypeError | it is called rng here
MLP(2, [3, 1], act='tanh')        | TypeError | it is called activation here
MLP(2, [3, 1], activaton='tanh')  | TypeError | did you mean activation? It is called as
MLP(2, [3, 1], activation='ReLU') | ValueError | did you mean 'relu'?
MLP(2, [3, 1], init='glorot')     | ValueError | did you mean 'glorot_normal'?
MLP(2, [3, 0])                    | ValueError | nouts[1] of an MLP must be at least 1, got 0
Linear(in_features=2, out_features=3) | TypeError | it is called nin here
Linear(2, units=3)                | TypeError | it is called nout here
Linear(2, 3, use_bias=False)      | TypeError | it is called bias here
Linear(2)                         | TypeError | missing a required argument: 'nout'
nn.Dropout(rate=0.5)              | TypeError | it is called p here
nn.Dropout(1.0)                   | ValueError | 0.5 drops every second
nn.BatchNorm(num_features=2)      | TypeError | it is called n here
nn.LayerNorm(2, epsilon=1e-3)     | TypeError | it is called eps here
nn.ReLU(v)                        | TypeError | write ReLU()(x), or the function, autograd.relu(x)
nn.Tanh([1.0, 2.0])               | TypeError | write Tanh()(x)
nn.LeakyReLU(negative_slope=0.1)  | TypeError | it is called slope here
Sequential(Linear(2, 3), relu)    | TypeError | got Op at place 1: <Op relu>; write nn.ReLU()
Sequential(Linear(2, 3), nn.Tanh) | TypeError | write nn.Tanh(), a module and not its class
Sequential('leaky_relu')          | TypeError | write nn.LeakyReLU()
Sequential([Linear(2, 3)])        | TypeError | write Sequential(*modules)
Sequential(lambda x: x)           | TypeError | class Mine(nn.Module) with forward
nn.Linaer(2, 3)                   | AttributeError | did you mean Linear?
nn.Conv2d(1, 2, 3)                | AttributeError | plain code for one sample
model.fit(X, Y)                   | AttributeError | autograd.fit(model, X, Y
model.predict(X)                  | AttributeError | autograd.compile(model)(X)
model.summary()                   | AttributeError | print(model)
model.to('cuda')                  | AttributeError | leave it out
model.zero_gard()                 | AttributeError | has no attribute 'zero_gard'
model.save('a')                   | AttributeError | autograd.save_parameters(model, 'model.npz')
! model.layers[0].weight[0] = 1.0 | TypeError | weight.data[0] = 1.0
! model.layers[0].neurons[0].b = 0.5 | TypeError | write its number to .data
W.T                               | AttributeError | take its numbers, weight.data.T
W.sum()                           | AttributeError | sum(w * w for row in weight for w in row)
W.reshape(-1)                     | AttributeError | weight.data.reshape
W.numpy()                         | AttributeError | its numbers are weight.data
! W * 2                           | TypeError | [2 * w for w in row]
! W > 0                           | TypeError | or take its numbers, .data
! W @ [1.0, 2.0]                  | TypeError | autograd.dot(row, xs)
! model.load_state_dict({})       | ShapeError | missing: layers.0.weight of shape (4, 2)
! nn.Module()(1.0)                | NotImplementedError | write def forward(self, x)
save_parameters('a.npz', model)   | TypeError | save_parameters(model, 'model.npz') takes the path of a file, got MLP
save_parameters('a.npz', model)   | TypeError | the model comes first
load_parameters('a.npz', model)   | TypeError | the model comes first
save_parameters(model, 'a.pt')    | ValueError | write 'a.npz'
save_parameters(model)            | TypeError | missing a required argument: 'path'
losses.mse([v, v], [1.0])         | ShapeError | a target for each
losses.mse(v, 'a')                | TypeError | takes a list of numbers or Values, got str: 'a'
losses.cross_entropy(1, [0, 1])   | ShapeError | the logits come first, cross_entropy(logits, target)
losses.cross_entropy([v, v], 2)   | DomainError | classes are 0 to 1
losses.cross_entropy(v, 0)        | ShapeError | for two classes by one logit take binary_cross_entropy
losses.hinge(v, 0)                | DomainError | 2 * y - 1 from classes 0 and 1
losses.by_name('cross_entropi')   | ValueError | did you mean 'cross_entropy'?
losses.mse(v)                     | TypeError | missing a required argument: 'target'. It is called as mse(pred, target)
losses.mse(input=v, target=1.0)   | TypeError | it is called pred here
losses.mse(v, 1.0, reduction='sum') | TypeError | a loss is the mean over the outputs of one sample
losses.mse_loss(v, 1.0)           | AttributeError | it is called mse here
losses.huber(v, 1.0, beta=1.0)    | TypeError | it is called delta here
losses.binary_cross_entropy(v, 1) | DomainError | for logits take binary_cross_entropy_with_logits
losses.binary_cross_entropy(0.5, -1) | DomainError | make it (y + 1) / 2 from classes -1 and 1
losses.binary_cross_entropy(1.0, v) | TypeError | The prediction comes first
losses.cross_entropy([v, v], 0, weight=[1.0, 2.0]) | TypeError | a loss of your own
nn.MSELoss(v, 1.0)                | TypeError | It is called as MSELoss(*, reduction='mean')
nn.MSELoss(reduction='sum')       | ValueError | write sum(loss(model(x), y) for x, y in zip(X, Y))
nn.MSELoss()(v)                   | TypeError | It is called as MSELoss.forward(prediction, target)
nn.MSELoss()(input=v, target=1.0) | TypeError | it is called prediction here
nn.BCELoss()(v, 1.0)              | DomainError | for logits take
nn.CrossEntropyLoss()([v, v], 5)  | DomainError | classes are 0 to 1
nn.HuberLoss(beta=1.0)            | TypeError | it is called delta here
nn.Softmax(axis=1)                | TypeError | it is called dim here
nn.ModuleList(Linear(2, 1))       | TypeError | write ModuleList([module, ...])
init.xavier_uniform_(model)       | TypeError | a ParameterArray, as layer.weight
init.kaiming_uniform_(W, activation='relu') | TypeError | it is called nonlinearity here
init.constant_(W)                 | TypeError | missing a required argument: 'val'
init.uniform_(W, low=0.0)         | TypeError | it is called a here
init.orthogonl_(W)                | AttributeError | has no attribute orthogonl_
init.xavier_nromal_(W)            | AttributeError | did you mean xavier_normal_?
nn.record(3)                      | TypeError | takes a module, got int: 3
nn.record(model)['layers.0']      | KeyError | call the model inside of
nn.record(model).batch(X, Y)      | ValueError | known: auto, numpy, llvm
model.register_forward_hook(3)    | TypeError | hook(module, inputs, output)
(model.register_forward_hook(lambda m, i, o: 'a'), model([1.0, 2.0])) | TypeError | a forward hook of MLP returned str: 'a'
model.apply(3)                    | TypeError | a function of a module
model.requires_grad_('no')        | TypeError | True, or False to freeze
! model.requires_grad = 'no'      | TypeError | True, or False to freeze
model.train('a')                  | TypeError | True for training or False for evaluation
penalties.l2(model, lambda_=0.1)  | TypeError | it is called lam here
penalties.l2(model)               | TypeError | missing a required argument: 'lam'
penalties.l1(0.1, model)          | TypeError | lam of penalties.l1 holds a real number
"""
TRAINING = r"""
SGD(model, learning_rate=0.1)     | TypeError | SGD has no argument learning_rate; it is called lr here. It is called as SGD(params, lr=0.001,
SGD(model, 0.1, momentun=0.9)     | TypeError | did you mean momentum?
SGD(lr=0.1)                       | TypeError | missing a required argument: 'params'
SGD(0.1, model.parameters())      | TypeError | SGD: lr must be a number in [0, inf)
SGD(model, lr=-1.0)               | ValueError | SGD: lr must be a finite number in [0, inf), got -1.0
SGD([1.0, 2.0], lr=0.1)           | TypeError | pass Parameters, as in model.parameters()
SGD([Value(1.0)], lr=0.1)         | TypeError | a Value becomes one as Parameter(v.data)
SGD([], lr=0.1)                   | ValueError | there are no parameters
SGD(p, lr=0.1)                    | TypeError | not a list in a fixed order
Adam(model, beta1=0.9)            | TypeError | Adam has no argument beta1; it is called betas here. It is called as Adam(params, lr=0.001, betas=(0.9, 0.999)
Adam(model, beta_2=0.9)           | TypeError | it is called betas here
Adam(model, epsilon=1e-8)         | TypeError | it is called eps here
Adam(model, momentum=0.9)         | TypeError | the first of Adam's betas
Adam(model, betas=0.9)            | TypeError | the default is (0.9, 0.999)
RMSprop(model, rho=0.9)           | TypeError | it is called alpha here
StepLR(opt, 10, factor=0.1)       | TypeError | it is called gamma here
StepLR(opt)                       | TypeError | missing a required argument: 'step_size'
opt.param_groups[0]['lr'] = 0.1   | AttributeError | write optimizer.lr = 0.01
opt.add_param_group({})           | AttributeError | make an optimizer for each group
optim.MultiStepLR(opt, [1, 2])    | AttributeError | optim.LambdaLR(optimizer, lambda epoch: factor)
model.zero_grad(True, 2)          | TypeError | It is called as MLP.zero_grad(set_to_none=True)
nn.BCEWithLogitsLoss(pos_weight=2) | TypeError | (1 + (w - 1) * y) * loss(p, y)
Sequential({'a': nn.Tanh()})      | TypeError | Sequential(*modules.values()) for a dict
StepLR(model, 10)                 | TypeError | the first argument must be an optimizer
StepLR(opt, step_size=0)          | ValueError | at least 1, got 0
optim.CosineAnnealingLR(opt, total_steps=3) | TypeError | it is called T_max here
optim.Adamm(model)                | AttributeError | did you mean Adam?
! (model.requires_grad_(False), opt.step()) | ValueError | all of its parameters are frozen
(model.requires_grad_(False), fit(model, X, Y, **K)) | ValueError | unfreeze some: module.requires_grad_(True)
optim.LambdaLR(opt)               | TypeError | missing a required argument: 'lr_lambda'
optim.LambdaLR(opt, 0.5)          | TypeError | lambda t: 0.95**t
optim.OneCycleLR(opt, 0.1)        | ValueError | give total_steps, or epochs and steps_per_epoch
optim.OneCycleLR(opt, lr=0.1)     | TypeError | it is called max_lr here
optim.ReduceLROnPlateau(opt, factor=2.0) | ValueError | in (0, 1)
optim.ReduceLROnPlateau(opt, verbose=True) | TypeError | read last_lr
clip_grad_norm_(model, clip_norm=1.0) | TypeError | it is called max_norm here
clip_grad_norm_(1.0, model)       | TypeError | pass Parameters
fit(model, X, Y)                  | TypeError | missing a required argument: 'loss'. It is called as fit(model, X, Y, *, loss, optimizer, epochs
fit(model, X, Y, **K, validation_data=(X, Y)) | TypeError | fit has no argument validation_data; it is called validation here
fit(model, X, Y, **K, validation_split=0.1) | TypeError | it is called validation here
fit(model, X, Y, **K, n_epochs=1) | TypeError | it is called epochs here
fit(model, X, Y, **K, max_iter=1) | TypeError | it is called epochs here
fit(model, X, Y, **K, batchsize=2)| TypeError | it is called batch_size here
fit(model, X, Y, **K, verbose=0)  | TypeError | it is called progress here
fit(model, X, Y, **K, random_state=0) | TypeError | it is called seed here
fit(model, X, Y, **K, shuffle=True) | TypeError | a new order each epoch
fit(model, X, Y, **K, lr_scheduler=0) | TypeError | callbacks=[lambda state: schedule.step()]
fit(model, X, Y, **K, criterion='mse') | TypeError | it is called loss here
fit(model, X, Y, **K, early_stopping=3) | TypeError | it is called patience here
fit(model, X, Y, **K, epoch=3)    | TypeError | did you mean epochs?
fit(model, X, Y, **K, device='cpu') | TypeError | this machine's processor
fit(model, X, Y, **K | {'optimizer': 'adam'}) | TypeError | as in SGD(model.parameters(), lr=0.1)
fit(model, X, Y, **K | {'loss': 'mes'}) | ValueError | did you mean 'mse'?
fit(model, X, Y, **K | {'epochs': 1.5}) | TypeError | epochs must be a whole number
fit(model, X, Y, **K, metrics='accuracy') | TypeError | metrics=[...]
fit(model, X, Y, **K, metrics=['accurcy']) | ValueError | did you mean 'accuracy'?
fit(model, X, Y, **K, mode='fast') | ValueError | known are auto, eager, compiled
fit(model, X, Y[:5], **K)         | ShapeError | X has 20 samples and Y has 5 targets
fit(model, X * np.nan, Y, **K)    | ValueError | X is nan in row 0, column 0
fit(model, X, Y, **K | {'loss': 'hinge'}) | DomainError | 2 * y - 1 from classes 0 and 1
fit(X, Y, model, **K)             | TypeError | the model must be callable
moons(n_samples=100)              | TypeError | moons has no argument n_samples; it is called n here
moons(100, random_state=0)        | TypeError | it is called rng here
moons(100, 0.1)                   | TypeError | It is called as moons(n=100, *, noise=0.1, rng=None)
moons(-1)                         | ValueError | must be at least 2, got -1
blobs(cluster_std=1.0)            | TypeError | it is called noise here
split(X, Y, test_size=0.5)        | TypeError | it is called fraction here
batches(X, 2, seed=0)             | TypeError | it is called rng here
data.make_moons(100)              | AttributeError | it is called moons here
data.train_test_split(X, Y)       | AttributeError | write split(X, Y, fraction=0.25, rng=0)
from autograd.data import make_moons | ImportError | it is called moons here
"""
COMPILED = r"""
compile(3)                        | TypeError | takes a function of one sample, got int: 3
compile(model, backend='cuda')    | ValueError | known: auto, numpy, llvm
compile(model, X)                 | ValueError | is no backend; known
compile(backend='cuda')(model)    | ValueError | known: auto, numpy, llvm
program.parameters()              | AttributeError | model.parameters()
compile(model, device='cpu')      | TypeError | it is called backend here
compile(model)([1.0, 2.0])        | ShapeError | one sample of 2 numbers is a batch of one, an array of shape (1, 2)
compile(model)(1.0, 2.0)          | ShapeError | give a batch of one, as [[1.0, 2.0]]
compile(model)()                  | TypeError | program(X) or program(X, Y)
compile(model)(X, X)              | TypeError | too many positional arguments. It is called as MLP.forward(x)
compile(lambda x, y: x * y)(X[:, 0]) | TypeError | missing a required argument: 'y'. It is called as <lambda>(x, y)
compile(model)('a')               | TypeError | must be an array of real numbers
compile(model)(X[:, :1] * [1, 2, 3]) | ShapeError | takes 2 inputs, got 3
compile(model)(X * np.nan)        | ValueError | x is nan in row 0, column 0
compiled(lambda x: np.arctan(x))  | TraceError | numpy.arctan of 'x' at <use>:1
compiled(lambda x: np.maximum(x, 0)) | TraceError | maximum(a, b)
compiled(lambda x: np.where(x > 0, x, 0.0)) | TraceError | autograd.where(condition, a, b)
compiled(lambda x: math.exp(x))   | TraceError | autograd.exp(x), or x.exp()
compiled(lambda x: x % 2)         | TraceError | Do that to the data before the call
compiled(lambda x: x // 2)        | TraceError | Do that to the data before the call
compiled(lambda x: x @ x)         | TraceError | autograd.dot(ws, xs)
compiled(lambda x: x.foo)         | AttributeError | a traced number has no attribute foo
compiled(lambda x: x.numpy())     | AttributeError | write v.data, or v.item()
compiled(lambda x: x if x > 0 else -x) | TraceError | where(condition, a, b)
compiled(lambda x: max(x, 0))     | TraceError | maximum(a, b)
compiled(lambda x: float(x))      | TraceError | autograd.exp(x), or x.exp()
compiled(lambda x: f'{x}')        | TraceError | program.inspect(X, Y, sample=0)
compiled(lambda x: x.data)        | TraceError | program.inspect(X, Y, sample=0)
compiled(lambda x: x == 1)        | TraceError | where((a >= b) & (a <= b), x, y)
compiled(lambda x: x[0])          | TraceError | (batch, k) is a list of k numbers
compiled(lambda x: [1, 2, 3][x])  | TraceError | numpy.eye(classes)[labels]
compiled(lambda x: x + 'a')       | TypeError | got str: 'a'
compiled(lambda x: x > 0)         | TraceError | return where(condition, 1.0, 0.0)
compiled(lambda x: None)          | TraceError | is a `return` missing?
compiled(lambda x: [])            | TraceError | returned an empty list
compiled(lambda x: 1.0)           | TraceError | must compute something
compiled(lambda x: {'a': x})      | TraceError | a flat list of numbers
compiled(lambda x: x * v)         | TraceError | Make it a Parameter to train it
compiled(lambda x: x * Parameter(1.0)) | TraceError | Make the Parameter or the module before
compiled(lambda x: MLP(1, [1])([x])) | TraceError | Make the Parameter or the module before
compiled(lambda x: x * np.random.rand()) | TraceError | or use nn.Dropout
compiled(lambda x: x.backward())  | TraceError | program.backward(X, Y)
compiled(lambda x: program(X)[0] * x) | TraceError | or compute it before
compiled(lambda x: where(x, 1.0, 2.0)) | TypeError | where(x > 0, a, b)
compiled(lambda x: log(x - 9.0))  | DomainError | sample 0 (row 0, counted from 0)
"""
PICTURES = r"""
viz.draw(3.0)                     | TypeError | Pass the result of a formula, such as the loss
viz.draw(model)                   | TypeError | Pass the result of a formula, such as the loss
viz.draw(v, max_depth=1)          | TypeError | it is called depth here
viz.draw(v, depth='a')            | ValueError | use 1 for layers, 2 for neurons
viz.frames(model)                 | TypeError | Pass the result of a formula, such as the loss
viz.frames(v, max_depth=1)        | TypeError | it is called depth here
viz.draw(v).save(3)               | TypeError | the name of a file, as 'graph.svg'
viz.draw(v).save('a.bmp')         | ValueError | .svg, .dot, .png, .pdf
viz.plot.loss(3)                  | TypeError | pass what fit() returned
viz.draw()                        | TypeError | missing a required argument: 'roots'
viz.show(v)                       | AttributeError | draw(loss).save('graph.svg')
viz.draww(v)                      | AttributeError | did you mean draw?
viz.plot.losss([1.0])             | AttributeError | did you mean loss?
viz.plot.loss_curve([1.0])        | AttributeError | it is called loss here
"""


ROW = re.compile(r"(?P<go>!? ?)(?P<code>.*?) *\| (?P<error>\w*(?:Error)) \| (?P<words>.*)")


def rows(table: str) -> list[Any]:
    found = [ROW.fullmatch(line) for line in table.strip().splitlines()]
    assert all(found), table
    return [
        pytest.param(*row.group("code", "error", "words"), "!" in row["go"], id=row[0][:60]) for row in found if row
    ]


def space() -> dict[str, Any]:
    model = nn.MLP(2, [4, 1], rng=0)
    optimizer = optim.SGD(model, lr=0.1)
    return {
        **SPACE,
        "v": autograd.Value(2.0, label="v"),
        "p": autograd.Parameter(1.0, label="p"),
        "model": model,
        "W": model.layers[0].weight,
        "opt": optimizer,
        "program": autograd.compile(model, backend="numpy"),
        "compiled": lambda f: autograd.compile(f, backend="numpy")(np.array([1.0, 2.0])),
        "K": {"loss": "mse", "optimizer": optimizer, "epochs": 1, "progress": False},
    }


def frames_after_the_user(error: BaseException) -> list[str]:
    """Where the traceback goes on after the last line of the user's."""
    files = [f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
    last = max(i for i, file in enumerate(files) if file.startswith("<use>"))
    return files[last + 1 :]


@pytest.mark.parametrize(
    ("code", "error", "words", "may_go_on"),
    [row for table in (VALUES, MODELS, TRAINING, COMPILED, PICTURES) for row in rows(table)],
)
def test_a_wrong_use_is_told_the_right_one(code: str, error: str, words: str, may_go_on: bool) -> None:
    compiled: CodeType = compile(code, "<use>", "exec")
    with pytest.raises(Exception) as caught:
        exec(compiled, space())
    assert (type(caught.value).__name__, words in str(caught.value)) == (error, True), str(caught.value)
    if "compiled(" not in code:  # which is this file's
        more = frames_after_the_user(caught.value)
        assert len(more) <= (3 if may_go_on else 0), more
