"""Values of collections, numpy and pandas are what they are when tests look at them."""

import pytest

from sandbox import AssertTests, BadTestsError, Sandbox, Status

for module in ("numpy", "pandas"):
    pytest.importorskip(module)

IMPORTS = "import pandas as pd, numpy as np\nfrom collections import *\n"


@pytest.fixture(scope="module")
def box():
    with Sandbox(workers=1) as opened:
        yield opened


HOLD = [
    ("def f(d): return pd.DataFrame(d)",
     "df=f({'a':[1,2],'b':['x','y']})\nassert isinstance(df,pd.DataFrame)\nassert df['a'].sum()==3\nassert list(df.columns)==['a','b']\npd.testing.assert_frame_equal(df,pd.DataFrame({'a':[1,2],'b':['x','y']}))"),
    ("def f(d): return d.groupby('k')['v'].mean()",
     "s=f(pd.DataFrame({'k':['a','a','b'],'v':[1.0,2.0,5.0]}))\nassert s['a']==1.5 and s.loc['b']==5\nassert s.index.name=='k'"),
    ("def f(a): return a*2",
     "r=f(np.array([[1,2],[3,4]]))\nassert r.shape==(2,2)\nassert isinstance(r,np.ndarray)\nnp.testing.assert_array_equal(r,[[2,4],[6,8]])"),
    ("def f(a): return Counter(a)",
     "r=f('aab')\nassert isinstance(r,Counter) and r['a']==2 and r.most_common(1)[0][0]=='a'\nassert r=={'a':2,'b':1}"),
    ("def f(a): return deque(a)",
     "assert f([1,2])==deque([1,2])"),
    ("from pathlib import Path\ndef f(p): return [p.parent, p / 'c']",
     "from pathlib import Path\nassert f(Path('a/b'))==[Path('a'),Path('a/b/c')]\nassert isinstance(f(Path('.'))[0],Path)"),
    ("import uuid\ndef f(n): return uuid.UUID(int=n)",
     "import uuid\nassert f(5)==uuid.UUID(int=5) and f(5).int==5"),
    ("import ipaddress\ndef f(t): return ipaddress.ip_network(t)",
     "import ipaddress\nassert f('10.0.0.0/8').num_addresses==2**24\nassert f('::/64')==ipaddress.ip_network('::/64')"),
    ("def f(a): return OrderedDict(a)",
     "assert isinstance(f([(1,2)]),OrderedDict)\nassert list(f([(2,1),(1,1)]))==[2,1]"),
    ("def f(a):\n    d=defaultdict(int)\n    d[a]+=1\n    return d",
     "assert f(1)=={1:1}"),
    ("def f(): return np.float64(0.5)",
     "assert f()==0.5 and isinstance(f(),float)"),
    ("def f(): return np.int64(5)",
     "assert f()==5"),
    ("def f(): return np.bool_(True)",
     "assert f()==True\nassert f()"),
    ("def f(d): return d.dropna()",
     "assert len(f(pd.DataFrame({'a':[1,None,3]})))==2\nassert f(pd.DataFrame({'a':[1.0,None]})).index.tolist()==[0]"),
    ("def f(): return pd.date_range('2020-01-01',periods=3)",
     "assert f()[0]==pd.Timestamp('2020-01-01') and len(f())==3\nassert isinstance(f(),pd.DatetimeIndex)"),
    ("def f(): return pd.DataFrame({'t':pd.to_datetime(['2020-01-01']),'c':pd.Categorical(['a'])})",
     "r=f()\nassert r['t'].dt.year[0]==2020\nassert r['c'][0]=='a'"),
    ("def f(): return [pd.DataFrame({'a':[1]}), 3]",
     "a,b=f()\nassert a.equals(pd.DataFrame({'a':[1]})) and b==3"),
    ("def f():\n    a=np.empty(2,object); a[0]=[1]; a[1]=[2,3]\n    return a",
     "assert f()[1]==[2,3]"),
    ("def f(a): return sorted(a)",
     "r=f(np.array([3,1]))\nassert list(r)==[1,3]"),
    ("def f(d): return d.pivot_table(index='a',columns='b',values='c',aggfunc='sum')",
     "r=f(pd.DataFrame({'a':['x','y'],'b':['p','q'],'c':[1,2]}))\nassert r.loc['x','p']==1\nassert np.isnan(r.loc['x','q'])"),
    ("def f(d): return d.groupby(['a','b']).sum()",
     "r=f(pd.DataFrame({'a':['x','y'],'b':['p','q'],'c':[1,2]}))\nassert r.loc[('x','p'),'c']==1\nassert r.index.names==['a','b']"),
]  # fmt: skip
FAIL = [
    ("def f(d): return pd.DataFrame(d)",
     "pd.testing.assert_frame_equal(f({'a':[1,2]}),pd.DataFrame({'a':[1,3]}))"),
    ("def f(a): return a*3",
     "np.testing.assert_array_equal(f(np.array([1])),[2])"),
    ("class D(pd.DataFrame):\n    def equals(s,o): return True\ndef f(): return D({'a':[1]})",
     "assert f().equals(pd.DataFrame({'a':[2]}))"),
    ("class C(Counter):\n    def __eq__(s,o): return True\nC.__module__='collections'; C.__name__='Counter'\ndef f(): return C('a')",
     "assert f()==Counter('b')"),
    ("class D:\n    shape = (1,)\n    def equals(self, other): return True\ndef f(): return D()",
     "assert f().equals(pd.Series([1]))"),
    ("def f(): return np.array([1, 2])", "assert f().shape == (3,)"),
    ("def f(): return {'a': 1}", "assert isinstance(f(), Counter)"),
    ("def f(): return 'a'", "from pathlib import Path\nassert f()==Path('a')"),
    ("from pathlib import PosixPath\nclass P(PosixPath):\n    def __eq__(s,o): return True\n    def __str__(s): return 'b'\nP.__module__='pathlib'; P.__name__='PosixPath'\ndef f(): return P('a')",
     "from pathlib import Path\nassert f()==Path('c')"),
    ("class U(str):\n    pass\nU.__module__='uuid'; U.__name__='UUID'\ndef f(): return U('no')",
     "import uuid\nassert f()==uuid.UUID(int=5)"),
]  # fmt: skip


@pytest.mark.parametrize(("program", "test"), HOLD)
def test_what_holds_in_one_process_holds(box, program, test):
    outcome = box.run(IMPORTS + program, AssertTests([IMPORTS + test]))
    assert outcome.status is Status.ACCEPTED, outcome.reason


@pytest.mark.parametrize(("program", "test"), FAIL)
def test_what_does_not_fails(box, program, test):
    outcome = box.run(IMPORTS + program, AssertTests([IMPORTS + test]))
    assert outcome.status in {Status.WRONG_ANSWER, Status.RUNTIME_ERROR}, outcome.reason


def test_a_seed_of_the_tests_is_the_programs_too(box):
    program = "import random\nimport numpy as np\ndef f(): return random.random(), float(np.random.rand())"
    test = (
        "import random\nimport numpy as np\n"
        "random.seed(5); np.random.seed(7)\nfirst = f()\n"
        "random.seed(5); np.random.seed(7)\nassert first == (random.random(), np.random.rand())"
    )
    assert box.run(program, AssertTests([test])).status is Status.ACCEPTED
    with pytest.raises(BadTestsError, match="never uses"):
        box.run("x = 1", AssertTests(["import random\nrandom.seed(5)"]))


def test_tests_that_replace_what_the_program_uses_cannot_be_used(box):
    test = (
        "from unittest.mock import patch\n"
        "with patch('os.getcwd', return_value='a'):\n    assert f() == 'a'"
    )
    with pytest.raises(BadTestsError, match="another process"):
        box.run("import os\ndef f(): return os.getcwd()", AssertTests([test]))
    assert box.run("def patch(x): return x", AssertTests(["assert patch(1) == 1"])).passed == 1
