"""What PyTorch, Keras and scikit-learn call the arguments that have other names here, and what stands in for others."""

from __future__ import annotations

from collections.abc import Iterable

from .checks import nearest

# Our name, and what others call it. A name may stand in several lines: the one that a function has is meant.
_TABLE = {
    "lr": "learning_rate learning_rate_init base_lr initial_lr max_lr eta eta0 alpha step_size rate",
    "params": "parameters model weights var_list",
    "betas": "beta1 beta2 beta_1 beta_2 b1 b2",
    "eps": "epsilon",
    "momentum": "mu",
    "alpha": "rho smoothing decay",
    "weight_decay": "wd decay l2 l2_penalty kernel_regularizer alpha",
    "nesterov": "nesterovs_momentum use_nesterov",
    "lr_decay": "decay",
    "gamma": "factor decay_rate",
    "step_size": "decay_steps step every patience",
    "T_max": "t_max decay_steps total_steps epochs",
    "eta_min": "min_lr lr_min",
    "total_iters": "total_steps steps warmup_steps",
    "optimizer": "opt optim optimiser solver",
    "schedulers": "schedules",
    "max_norm": "clip_norm clipnorm max_grad_norm norm",
    "clip_value": "clip max_value value clipvalue",
    "norm_type": "p ord",
    "X": "x x_train X_train inputs features data",
    "Y": "y y_train Y_train labels targets target y_true",
    "loss": "criterion loss_fn loss_function loss_func objective",
    "epochs": "n_epochs num_epochs nb_epoch max_epochs max_iter n_iter iterations num_iterations",
    "batch_size": "batchsize batch bs minibatch_size mini_batch_size n_batch",
    "validation": "validation_data validation_set validation_split validation_fraction val val_data valid eval_set",
    "metrics": "metric scoring",
    "callbacks": "callback",
    "patience": "early_stopping n_iter_no_change early_stopping_patience",
    "penalty": "regularizer regularization regularisation",
    "transform": "augment augmentation",
    "clip_norm": "clipnorm max_norm max_grad_norm grad_clip gradient_clip_val",
    "progress": "verbose verbosity progress_bar silent",
    "seed": "random_state rng generator gradient grad_output",
    "dim": "axis",
    "start": "bias initial",
    "min": "low lo lower a_min minimum",
    "max": "high hi upper a_max maximum",
    "low": "a lo minval lower",
    "high": "b hi maxval upper",
    "a": "low lo minval lower negative_slope slope",
    "b": "high hi maxval upper",
    "val": "value fill_value number",
    "std": "stddev sd sigma scale",
    "nonlinearity": "activation act nonlin",
    "tensor": "array weight weights param p",
    "lr_lambda": "lambda_ fn func function f schedule",
    "max_lr": "lr learning_rate base_lr",
    "model": "module net network",
    "label": "name",
    "kernel": "forward",
    "partials": "backward grad derivative derivatives",
    "mode": "backend",
    "backend": "mode device target",
    "rng": "random_state seed generator key random_seed",
    "n": "n_samples num_samples samples size num_features n_features normalized_shape features count",
    "noise": "std sigma scale cluster_std",
    "sigma": "std stddev sd radius sigma_limit",
    "strength": "factor brightness limit",
    "fill": "value cval fill_value fillcolor",
    "transforms": "augmentations layers",
    "fraction": "test_size validation_split validation_fraction valid_size ratio share",
    "arms": "n_arms classes n_classes",
    "nin": "in_features n_in input_dim input_size in_dim n_inputs n_features inputs",
    "nout": "out_features n_out output_dim output_size out_dim n_outputs units outputs neurons",
    "nouts": "hidden_sizes hidden_layer_sizes layer_sizes sizes layers hidden hidden_dims widths units nout",
    "activation": "act nonlinearity activation_function activations",
    "nonlin": "nonlinear nonlinearity",
    "init": "initializer kernel_initializer weight_init initialization",
    "bias": "use_bias fit_intercept",
    "p": "rate dropout drop_prob dropout_rate prob probability",
    "slope": "negative_slope alpha",
    "affine": "elementwise_affine",
    "prediction": "input pred predictions output outputs y_pred yhat y_hat logits logit score",
    "pred": "input prediction predictions output outputs y_pred yhat y_hat",
    "logit": "input prediction output y_pred logits pred",
    "logits": "input prediction output y_pred pred",
    "score": "input prediction output y_pred pred",
    "target": "targets labels label y y_true truth",
    "y": "target targets labels label y_true",
    "delta": "beta threshold",
    "lam": "lambda_ lambd lmbda weight_decay strength alpha coefficient factor",
    "record": "create_graph",
    "xs": "inputs wrt variables x",
    "f": "func function fn fun",
    "order": "n degree",
    "path": "filename file fname f",
    "function": "func fn f model",
    "predict": "model clf classifier estimator f",
    "depth": "max_depth level",
    "budget": "max_nodes limit",
}
_WORDS = {
    "shuffle": "batches are drawn in a new order each epoch; without batch_size all samples make one step, in order",
    "lr_scheduler": "a schedule is stepped by a callback: callbacks=[lambda state: schedule.step()]",
    "scheduler": "a schedule is stepped by a callback: callbacks=[lambda state: schedule.step()]",
    "device": "everything runs on this machine's processor",
    "dtype": "all numbers are float64",
    "requires_grad": "p.requires_grad = False freezes a parameter; autograd.Constant is a number without gradient",
    "reduction": "a loss is the mean over the outputs of one sample",
    "closure": "call loss.backward(), then step()",
    "pos_weight": "multiply in a loss of your own, lambda p, y: (1 + (w - 1) * y) * loss(p, y)",
    "weight": "for class weights multiply in a loss of your own, lambda p, y: weight[y] * loss(p, y)",
    "label_smoothing": "give probabilities as the target, 1 - s for the class and s spread over all",
    "size_average": "a loss is the mean over the outputs of one sample",
    "axis": "a list has one: of rows write [f(row) for row in X]",
    "dim": "a list has one: of rows write [f(row) for row in X]",
    "keepdim": "a list has one axis",
    "ignore_index": "leave those samples out of the batch",
    "verbose": "nothing is printed; read last_lr",
    "retain_graph": "a graph is there as long as its Values are",
    "inplace": "Values are never changed in place",
    "from_logits": "a loss that takes logits says so in its docstring",
    "sample_weight": "write a loss of your own that multiplies by it",
    "num_workers": "arrays are read where they lie",
    "amsgrad": "only Adam and AdamW have it",
    "momentum": "take optim.SGD, or the first of Adam's betas",
}


def ours(name: str, known: Iterable[str]) -> str:
    """What to write instead of an argument ``name`` of a function that has those ``known``; "" if nobody knows.

    >>> ours("learning_rate", ["params", "lr"]), ours("epoch", ["loss", "epochs"])
    ('it is called lr here', 'did you mean epochs?')
    >>> ours("dtype", ["data"]), ours("colour", ["data"])
    ('all numbers are float64', '')
    """
    known = list(known)
    called = [mine for mine in known if name in _TABLE.get(mine, "").split()]
    if called:
        return f"it is called {called[0]} here"
    similar = nearest(name, known)
    return f"did you mean {similar}?" if similar else _WORDS.get(name, "")
