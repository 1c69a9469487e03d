"""Reference values for the tests of packages nn and train, made by PyTorch.

The network is `small` of network_test.go without dropout and stochastic depth: stem 3x3/2 to 7 channels; MBConv 7 -> 7 k3 without expansion; 7 -> 10 k5/2 with
expansion 4; 10 -> 10; 10 -> 9 k3 with expansion 3 and no squeeze-excite; head 13 channels, 5 classes. Batch 8, 12 pixels.

Written to reference.json (tensors in base64, little-endian float32, in the layouts of package nn): weights, images, labels; logits, loss, gradients and the
running statistics of one training step; the logits of evaluation after that step (running statistics moved, weights not); the losses of ten steps of SGD (Nesterov, weight decay) and of RMSProp in TensorFlow's form, and of fifty of AdamW at a rate
that falls to 0 in a straight line. With hard-swish in the place of SiLU to hard-swish.json, without the losses.

usage: python3 reference.py [hard-swish]        needs torch and numpy; made with torch 2.15.0 on one thread of a CPU, where it writes the same bytes every time
"""
import base64, json, pathlib, sys
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

torch.manual_seed(1)
torch.set_num_threads(1)
SMOOTHING, EPS, MOMENTUM, DECAY = .1, 1e-3, .9, 1e-2
NAME, ACTIVATION = ("hard-swish", F.hardswish) if sys.argv[1:] == ["hard-swish"] else ("reference", F.silu)


def bn(c):
    m = nn.BatchNorm2d(c, eps=EPS, momentum=1 - MOMENTUM)
    nn.init.uniform_(m.weight, .5, 1.5)
    nn.init.normal_(m.bias, 0, .3)
    return m


class MBConv(nn.Module):
    def __init__(self, i, o, k, stride, expansion, se):
        super().__init__()
        e = i * expansion
        if expansion > 1:
            self.expand, self.expand_bn = nn.Conv2d(i, e, 1, bias=False), bn(e)
        self.dw, self.dw_bn = nn.Conv2d(e, e, k, stride, k // 2, groups=e, bias=False), bn(e)
        if se:
            self.reduce, self.grow = nn.Conv2d(e, max(1, i // 4), 1), nn.Conv2d(max(1, i // 4), e, 1)
        self.project, self.project_bn = nn.Conv2d(e, o, 1, bias=False), bn(o)
        self.skip = stride == 1 and i == o

    def forward(self, x):
        y = x
        if hasattr(self, "expand"):
            y = ACTIVATION(self.expand_bn(self.expand(y)))
        y = ACTIVATION(self.dw_bn(self.dw(y)))
        if hasattr(self, "reduce"):
            y = y * torch.sigmoid(self.grow(ACTIVATION(self.reduce(y.mean((2, 3), keepdim=True)))))
        y = self.project_bn(self.project(y))
        return x + y if self.skip else y


class Small(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.stem_bn = nn.Conv2d(3, 7, 3, 2, 1, bias=False), bn(7)
        self.blocks = nn.ModuleList([MBConv(7, 7, 3, 1, 1, True), MBConv(7, 10, 5, 2, 4, True), MBConv(10, 10, 5, 1, 4, True), MBConv(10, 9, 3, 1, 3, False)])
        self.head, self.head_bn, self.fc = nn.Conv2d(9, 13, 1, bias=False), bn(13), nn.Linear(13, 5)

    def forward(self, x):
        x = ACTIVATION(self.stem_bn(self.stem(x)))
        for b in self.blocks:
            x = b(x)
        return self.fc(ACTIVATION(self.head_bn(self.head(x))).mean((2, 3)))

    def named(self):
        """(name in package nn, tensor, transform to our layout) of every parameter."""
        conv, point, dw, same = (lambda t: t.permute(2, 3, 1, 0)), (lambda t: t[:, :, 0, 0].t()), (lambda t: t[:, 0].permute(1, 2, 0)), (lambda t: t)
        norm = lambda name, m: [(name + ".bn.gamma", m.weight, same), (name + ".bn.beta", m.bias, same)]
        yield "stem.conv.weight", self.stem.weight, conv
        yield from norm("stem.conv", self.stem_bn)
        for i, b in enumerate(self.blocks):
            p = f"block{i}."
            if hasattr(b, "expand"):
                yield p + "expand.weight", b.expand.weight, point
                yield from norm(p + "expand", b.expand_bn)
            yield p + "depthwise.weight", b.dw.weight, dw
            yield from norm(p + "depthwise", b.dw_bn)
            if hasattr(b, "reduce"):
                yield p + "se.reduce.weight", b.reduce.weight, point
                yield p + "se.reduce.bias", b.reduce.bias, same
                yield p + "se.expand.weight", b.grow.weight, point
                yield p + "se.expand.bias", b.grow.bias, same
            yield p + "project.weight", b.project.weight, point
            yield from norm(p + "project", b.project_bn)
        yield "head.conv.weight", self.head.weight, point
        yield from norm("head.conv", self.head_bn)
        yield "head.classifier.weight", self.fc.weight, lambda t: t.t()
        yield "head.classifier.bias", self.fc.bias, same


def text(t):
    return base64.b64encode(np.ascontiguousarray(t.detach().numpy(), dtype="<f4").tobytes()).decode()


net = Small()
images, labels = torch.randn(8, 3, 12, 12), torch.randint(0, 5, (8,))
start = {k: v.clone() for k, v in net.state_dict().items()}
out = dict(images=text(images.permute(0, 2, 3, 1)), labels=labels.tolist(), smoothing=SMOOTHING, weight_decay=DECAY,
           weights={n: text(f(t)) for n, t, f in net.named()})


def loss_of():
    return F.cross_entropy(net(images), labels, label_smoothing=SMOOTHING)


logits = net(images)
loss = F.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
loss.backward()
out.update(logits=text(logits), loss=loss.item(), gradients={n: text(f(t.grad)) for n, t, f in net.named()},
           running_mean=text(net.head_bn.running_mean), running_variance=text(net.head_bn.running_var))
with torch.no_grad():
    out["evaluation"] = text(net.eval()(images))
net.train()


def decays(t):
    return t.ndim > 1


def losses_of(update, steps=10):
    net.load_state_dict(start)
    state, losses = {}, []
    for _ in range(steps):
        net.zero_grad()
        loss = loss_of()
        loss.backward()
        losses.append(loss.item())
        with torch.no_grad():
            update(state)
    return losses


net.load_state_dict(start)
groups = [dict(params=[p for p in net.parameters() if decays(p)], weight_decay=DECAY), dict(params=[p for p in net.parameters() if not decays(p)], weight_decay=0)]
sgd = torch.optim.SGD(groups, lr=.1, momentum=.9, nesterov=True)
out["sgd"] = losses_of(lambda state: sgd.step())


def rmsprop_tf(state, lr=.01, rho=.9, momentum=.9, eps=1e-3):
    """tf.train.RMSPropOptimizer: mean square from 1, epsilon inside the root, learning rate inside the momentum."""
    for i, p in enumerate(net.parameters()):
        ms, mom = state.setdefault(i, [torch.ones_like(p), torch.zeros_like(p)])
        g = p.grad + (DECAY * p if decays(p) else 0)
        ms.mul_(rho).add_((1 - rho) * g * g)
        mom.mul_(momentum).add_(lr * g / (ms + eps).sqrt())
        p.sub_(mom)


out["rmsprop"] = losses_of(rmsprop_tf)

net.load_state_dict(start)
groups = [dict(params=g["params"], weight_decay=.1 * (g["weight_decay"] > 0)) for g in groups]  # without what SGD has noted there
adamw = torch.optim.AdamW(groups, lr=.005)
schedule = torch.optim.lr_scheduler.LambdaLR(adamw, lambda step: 1 - step / 50)
out["adamw"] = losses_of(lambda state: (adamw.step(), schedule.step()), 50)
if NAME != "reference":
    for name in "sgd", "rmsprop", "adamw":
        del out[name]
pathlib.Path(__file__).with_name(NAME + ".json").write_text(json.dumps(out, indent=0))
print(torch.__version__, out["loss"], out.get("sgd"), out.get("rmsprop"), out.get("adamw"))
