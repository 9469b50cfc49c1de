// The judge's end: stubs ask the program; tests get what they use of `testing` and of testify.

var rlvrAsked, rlvrFailed bool

func rlvrGiveUp(said string) {
	rlvrOS.Stderr.WriteString(said + "\n")
	rlvrOS.Exit(1)
}

func rlvrAsk(name string, given []rlvrReflect.Value, results []rlvrReflect.Value) {
	rlvrAsked = true
	body := rlvrPutText(nil, name)
	for _, each := range given {
		body = rlvrPut(body, each)
	}
	rlvrSend(body)
	reply := rlvrReceive()
	if reply == nil {
		rlvrGiveUp("the program ended")
	}
	if reply[0] != 'A' {
		rlvrGiveUp("the program panicked in " + name)
	}
	from := &rlvrReader{reply[1:]}
	for _, each := range results {
		each.Set(rlvrGet(each.Type(), from))
	}
	for _, each := range given {
		if rlvrIsShared(each.Type()) {
			rlvrUpdate(each, rlvrGet(each.Type(), from))
		}
	}
}

// Make what the caller holds what the call made of it.
func rlvrUpdate(held, now rlvrReflect.Value) {
	if held.IsNil() || now.IsNil() {
		return
	}
	if held.Kind() == rlvrReflect.Slice {
		if held.Len() == now.Len() {
			rlvrReflect.Copy(held, now)
		}
		return
	}
	for _, key := range held.MapKeys() {
		held.SetMapIndex(key, rlvrReflect.Value{})
	}
	for _, key := range now.MapKeys() {
		held.SetMapIndex(key, now.MapIndex(key))
	}
}

type rlvrStop struct{}

type rlvrT struct{}

func (t *rlvrT) Error(said ...interface{}) {
	rlvrFailed = true
	rlvrOS.Stderr.WriteString("Assertion failed: " + rlvrFmt.Sprintln(said...))
}
func (t *rlvrT) Errorf(form string, said ...interface{}) { t.Error(rlvrFmt.Sprintf(form, said...)) }
func (t *rlvrT) Fatal(said ...interface{})               { t.Error(said...); panic(rlvrStop{}) }
func (t *rlvrT) Fatalf(form string, said ...interface{}) { t.Errorf(form, said...); panic(rlvrStop{}) }
func (t *rlvrT) Fail()                                   { t.Error() }
func (t *rlvrT) FailNow()                                { t.Fatal() }
func (t *rlvrT) Failed() bool                            { return rlvrFailed }
func (t *rlvrT) Log(said ...interface{})                 {}
func (t *rlvrT) Logf(form string, said ...interface{})   {}
func (t *rlvrT) Helper()                                 {}
func (t *rlvrT) Parallel()                               {}
func (t *rlvrT) Run(name string, test func(*rlvrT)) bool {
	rlvrRun(test)
	return !rlvrFailed
}

func rlvrRun(test func(*rlvrT)) {
	defer func() {
		if said := recover(); said != nil {
			if _, stopped := said.(rlvrStop); !stopped {
				panic(said)
			}
		}
	}()
	test(&rlvrT{})
}

// testify's assertions; those of `require` end the test.
type rlvrAssertions struct{ stops bool }

func (a *rlvrAssertions) judge(holds bool, said ...interface{}) bool {
	if !holds {
		(&rlvrT{}).Error(said...)
		if a.stops {
			panic(rlvrStop{})
		}
	}
	return holds
}

func rlvrSame(one, other interface{}) bool {
	first, ok := one.([]byte)
	if !ok {
		return rlvrReflect.DeepEqual(one, other)
	}
	second, ok := other.([]byte)
	return ok && (first == nil) == (second == nil) && string(first) == string(second)
}

func rlvrIsNil(value interface{}) bool {
	if value == nil {
		return true
	}
	held := rlvrReflect.ValueOf(value)
	kind := held.Kind()
	return (kind == rlvrReflect.Slice || kind == rlvrReflect.Map || kind == rlvrReflect.Ptr) && held.IsNil()
}

func rlvrNumber(value interface{}) (float64, bool) {
	held := rlvrReflect.ValueOf(value)
	switch {
	case value == nil:
		return 0, false
	case held.CanConvert(rlvrReflect.TypeOf(0.0)) && held.Kind() != rlvrReflect.String:
		return held.Convert(rlvrReflect.TypeOf(0.0)).Float(), true
	}
	return 0, false
}

func (a *rlvrAssertions) Equal(expected, actual interface{}, _ ...interface{}) bool {
	return a.judge(rlvrSame(expected, actual), "expected", expected, "got", actual)
}
func (a *rlvrAssertions) NotEqual(expected, actual interface{}, _ ...interface{}) bool {
	return a.judge(!rlvrSame(expected, actual), "both are", actual)
}
func (a *rlvrAssertions) True(value bool, _ ...interface{}) bool  { return a.judge(value, "not true") }
func (a *rlvrAssertions) False(value bool, _ ...interface{}) bool { return a.judge(!value, "not false") }
func (a *rlvrAssertions) Nil(value interface{}, _ ...interface{}) bool {
	return a.judge(rlvrIsNil(value), "expected nil, got", value)
}
func (a *rlvrAssertions) NotNil(value interface{}, _ ...interface{}) bool {
	return a.judge(!rlvrIsNil(value), "got nil")
}
func (a *rlvrAssertions) NoError(err error, _ ...interface{}) bool {
	return a.judge(err == nil, "got the error", err)
}
func (a *rlvrAssertions) Error(err error, _ ...interface{}) bool {
	return a.judge(err != nil, "got no error")
}
func (a *rlvrAssertions) InDelta(expected, actual interface{}, delta float64, _ ...interface{}) bool {
	one, ok := rlvrNumber(expected)
	other, also := rlvrNumber(actual)
	holds := ok && also && (rlvrMath.Abs(one-other) <= delta || (rlvrMath.IsNaN(one) && rlvrMath.IsNaN(other)))
	return a.judge(holds, "expected", expected, "got", actual)
}
func (a *rlvrAssertions) InEpsilon(expected, actual interface{}, epsilon float64, _ ...interface{}) bool {
	one, ok := rlvrNumber(expected)
	other, also := rlvrNumber(actual)
	holds := ok && also && one != 0 && rlvrMath.Abs(one-other)/rlvrMath.Abs(one) <= epsilon
	return a.judge(holds, "expected", expected, "got", actual)
}

// The packages `assert` and `require`: functions that take the test first.
type rlvrPackage struct{ stops bool }

func (p rlvrPackage) New(_ *rlvrT) *rlvrAssertions { return &rlvrAssertions{p.stops} }
func (p rlvrPackage) Equal(t *rlvrT, one, other interface{}, _ ...interface{}) bool {
	return p.New(t).Equal(one, other)
}
func (p rlvrPackage) NotEqual(t *rlvrT, one, other interface{}, _ ...interface{}) bool {
	return p.New(t).NotEqual(one, other)
}
func (p rlvrPackage) True(t *rlvrT, value bool, _ ...interface{}) bool  { return p.New(t).True(value) }
func (p rlvrPackage) False(t *rlvrT, value bool, _ ...interface{}) bool { return p.New(t).False(value) }
func (p rlvrPackage) Nil(t *rlvrT, value interface{}, _ ...interface{}) bool {
	return p.New(t).Nil(value)
}
func (p rlvrPackage) NotNil(t *rlvrT, value interface{}, _ ...interface{}) bool {
	return p.New(t).NotNil(value)
}
func (p rlvrPackage) NoError(t *rlvrT, err error, _ ...interface{}) bool { return p.New(t).NoError(err) }
func (p rlvrPackage) Error(t *rlvrT, err error, _ ...interface{}) bool   { return p.New(t).Error(err) }
func (p rlvrPackage) InDelta(t *rlvrT, one, other interface{}, delta float64, _ ...interface{}) bool {
	return p.New(t).InDelta(one, other, delta)
}
func (p rlvrPackage) InEpsilon(t *rlvrT, one, other interface{}, epsilon float64, _ ...interface{}) bool {
	return p.New(t).InEpsilon(one, other, epsilon)
}

var assert = rlvrPackage{}
var require = rlvrPackage{true}

func main() {
	CALLS
	if rlvrFailed {
		rlvrOS.Exit(1)
	}
	if !rlvrAsked {
		rlvrOS.Stderr.WriteString("UNUSED\n")
		rlvrOS.Exit(3)
	}
}
